import { noticeOf, sendNotice } from '../fleet/notice.js'
import { redact } from '../history/redact.js'
import type { LoadedHost } from '../load/load.js'
import { reportOf } from '../report/json.js'
import type { ShownRun } from '../shown.js'
import type { FleetOptions } from './options.js'
import { secretsOf } from './record.js'

/** Tells the recipients of --notify-* what happened, without secrets; says who could not be told. Never rejects. */
export async function notify(
  shown: ShownRun,
  hosts: readonly LoadedHost[],
  options: FleetOptions,
  say: (text: string) => void,
): Promise<void> {
  const { notifyWebhook: webhooks = [], notifySlack: slack = [], notifyCommand: commands = [] } = options
  if (webhooks.length + slack.length + commands.length === 0) return
  const notice = noticeOf(reportOf(shown))
  if (!notice) return
  for (const failure of await sendNotice(redact(notice, secretsOf(hosts, options)), { webhooks, slack, commands })) say(failure)
}
