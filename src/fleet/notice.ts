import { spawn } from 'node:child_process'
import type { RunReport } from '../types.js'

/** What people are told of a run, and why. */
export interface Notice {
  readonly run: string
  readonly events: readonly NoticeEvent[]
  /** The hosts and what became of them, for people. */
  readonly text: string
  readonly report: RunReport
}

export type NoticeEvent = 'drift' | 'failure' | 'rollback' | 'contested'

/** Where notices go. */
export interface Recipients {
  /** Takes the notice as JSON by POST. */
  readonly webhooks: readonly string[]
  /** Takes `{text}` by POST, as Slack and those like it want it. */
  readonly slack: readonly string[]
  /** sh commands that get the notice as JSON on stdin. */
  readonly commands: readonly string[]
}

/** What a run gives rise to; undefined where nothing happened that anybody should be told. */
export function noticeOf(report: RunReport): Notice | undefined {
  const causes = new Set(report.hosts.flatMap(({ changes }) => changes.map(({ cause }) => cause)))
  const any = (...outcomes: readonly string[]): boolean => report.hosts.some(({ outcome }) => outcomes.includes(outcome))
  const events = (
    [
      ['drift', causes.has('drift') || causes.has('upgrade')],
      ['failure', any('failed', 'unreachable', 'unsettled', 'stale')],
      ['rollback', any('rolled-back')],
      ['contested', causes.has('contested')],
    ] as const
  ).flatMap(([event, is]) => (is ? [event] : []))
  if (events.length === 0) return undefined
  return { run: report.run, events, text: textOf(report, events), report }
}

function textOf({ run, hosts }: RunReport, events: readonly NoticeEvent[]): string {
  const told = hosts.filter(({ outcome, changes }) => outcome !== 'in-sync' && (outcome !== 'changed' || changes.length > 0))
  const lines = told.slice(0, 20).map(({ host, outcome, reason, changes }) => {
    const causes = [...new Set(changes.map(({ cause }) => cause))].join(', ')
    return `${host}: ${outcome}${causes && ` (${causes})`}${reason === undefined ? '' : `: ${reason.split('\n')[0]}`}`
  })
  const more = told.length > 20 ? [`and ${told.length - 20} more`] : []
  return [`holdfast run ${run}: ${events.join(', ')}`, ...lines, ...more].join('\n')
}

/** Tries again after these milliseconds. */
const pauses = [1_000, 5_000, 30_000]

/** Sends a notice to all recipients at once, each tried again where it fails; resolves with a sentence per recipient that never took it. Never rejects. */
export async function sendNotice(notice: Notice, { webhooks, slack, commands }: Recipients, waits = pauses): Promise<readonly string[]> {
  const json = JSON.stringify(notice)
  const slackJson = JSON.stringify({ text: notice.text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;') })
  const sent = await Promise.all([
    ...webhooks.map((url) => insist(`the webhook at ${placeOf(url)}`, () => post(url, json), waits)),
    ...slack.map((url) => insist(`the webhook at ${placeOf(url)}`, () => post(url, slackJson), waits)),
    ...commands.map((command) => insist('the notice command', () => run(command, json), waits)),
  ])
  return sent.flatMap((failure) => failure ?? [])
}

/** An address without its path, which is the secret of many a webhook. */
const placeOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : 'an address that is none')

async function insist(name: string, attempt: () => Promise<void>, waits: readonly number[]): Promise<string | undefined> {
  for (const wait of [...waits, undefined]) {
    try {
      return void (await attempt())
    } catch (error) {
      if (wait === undefined) return `${name} did not take the notice: ${(error as Error).message}`
      await new Promise((resolve) => setTimeout(resolve, wait))
    }
  }
  return undefined
}

async function post(url: string, body: string): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(10_000), redirect: 'error' }).catch(
    (error: Error) => {
      throw new Error(error.cause instanceof Error ? ((error.cause as NodeJS.ErrnoException).code ?? 'no connection') : error.name)
    },
  )
  await answer.arrayBuffer()
  if (!answer.ok) throw new Error(`it answered ${answer.status}`)
}

function run(command: string, stdin: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', command], { stdio: ['pipe', 'ignore', 'ignore'], timeout: 30_000, killSignal: 'SIGKILL' })
    child.on('error', reject)
    child.on('close', (code, signal) => (code === 0 ? resolve() : reject(new Error(`it ended with ${code ?? signal}`))))
    child.stdin.on('error', () => {}) // it may end without having read
    child.stdin.end(stdin)
  })
}
