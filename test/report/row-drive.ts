// Run by progress.test.ts on a terminal of its own: 1000 hosts through one row.
import { setTimeout as sleep } from 'node:timers/promises'
import { startProgress } from '../../src/report/progress.js'

const style = { width: 80, unicode: true, colour: false }
const progress = await startProgress({ hosts: 1000, form: 'row', style, stream: process.stderr })
progress.batch(1, 1)
for (let at = 0; at < 1000; at++) {
  progress.stage(`host${at}`, 'act')
  if (at % 2 === 0) await sleep(1)
  if (at >= 20) progress.done({ host: `host${at - 20}`, outcome: 'changed', changes: [] })
}
await progress.end()
process.stdout.write('report\n')
process.stderr.write(`cpu ${Math.round(process.cpuUsage().user / 1000)}\n`)
