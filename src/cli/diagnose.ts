import { setTimeout as pause } from 'node:timers/promises'
import { findingsOf, type Growth } from '../diagnose/findings.js'
import { notesOf } from '../diagnose/notes.js'
import { diagnoseScript, sampleScript } from '../diagnose/probe.js'
import { grown, readHost, type SeenHost } from '../diagnose/seen-host.js'
import { startFleet } from '../fleet/run.js'
import { runScript } from '../host/trips.js'
import { type DiagnosedHost, diagnosisJson, diagnosisText } from '../report/diagnosis.js'
import { timingText } from '../report/timing.js'
import type { Console } from './console.js'
import { disk } from './files.js'
import { listenForInterrupts } from './interrupt.js'
import { loadHosts } from './load.js'
import { startLookProgress } from './look-progress.js'
import type { DiagnoseOptions } from './options.js'
import { ownTiming } from './own-timing.js'
import type { Parts, Way } from './parts.js'
import { withSecrets } from './secrets.js'

/** `holdfast diagnose`: looks at every host, and says which of the known failures it is open to. 0, or 4 where a host could not be reached. */
export async function diagnose(playbooks: readonly string[], options: DiagnoseOptions, parts: Parts, console: Console): Promise<number> {
  const none = playbooks.length === 0 && !disk.list('playbooks')?.some((name) => /\.ya?ml$/.test(name))
  const loaded = await loadHosts(none ? undefined : playbooks, { ...options, everyHost: true }, parts, console)
  if (!loaded) return 1
  const groups = new Map(loaded.map(({ want, groups }) => [want.host, groups]))
  const seen = new Map<string, SeenHost>()
  const growth = new Map<string, Growth>()
  const way: Way = async ({ target, want }, { connect, commandTimeout, onStage }) => {
    onStage(want.host, 'look')
    const session = await connect(target)
    try {
      const first = readHost(
        target,
        want,
        await runScript(session, target, commandTimeout, (mark) => diagnoseScript(want, mark)),
        groups.get(want.host),
      )
      seen.set(want.host, first)
      if (options.watch !== undefined) {
        await pause(options.watch * 1000)
        const later = await runScript(session, target, commandTimeout, sampleScript)
        growth.set(want.host, { ...grown(first, later), seconds: options.watch })
      }
    } finally {
      session.close()
    }
    return { host: want.host, outcome: 'in-sync', changes: [] }
  }
  const hosts = await withSecrets(loaded, options)
  const interrupts = listenForInterrupts()
  const progress = await startLookProgress(hosts.length, options.json, console)
  interrupts.tell(progress.say)
  try {
    const engine = await parts.engine({
      run: 'diagnose',
      apply: false,
      options,
      say: progress.say,
      way: withFailures(way),
    })
    const fleet = startFleet({
      hosts,
      forks: options.forks,
      serial: [],
      converge: engine,
      events: progress,
      stop: interrupts.stop,
      abort: interrupts.abort,
    })
    await fleet.done
    await progress.end()
    if (fleet.bug() !== undefined) throw fleet.bug()
    const all = [...seen.values()]
    const told = fleet.results().map(({ host, outcome, reason }): DiagnosedHost => {
      const one = seen.get(host)
      if (one === undefined || outcome !== 'in-sync') return { host, findings: [], outcome, ...(reason === undefined ? {} : { reason }) }
      return { host, findings: findingsOf(one, all, growth.get(host)), notes: notesOf(one, all), ages: one.ages, peers: one.timewait }
    })
    const people = options.json ? console.err : console.out
    people.write(diagnosisText(told, people.style))
    if (options.timing) people.write(timingText(fleet.results(), ownTiming(), people.style))
    if (options.json) console.out.write(diagnosisJson(told))
    return told.some(({ outcome }) => outcome !== undefined) ? 4 : 0
  } finally {
    await progress.end()
    interrupts.end()
  }
}

/** A host that cannot be reached is told as such, and the others go on. */
const withFailures =
  (way: Way): Way =>
  (item, options, recall) =>
    way(item, options, recall).catch(async (error: unknown) => (await import('../host/converge.js')).wentWrong(item, error))
