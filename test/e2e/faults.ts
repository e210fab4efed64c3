import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome } from '../../src/types.js'
import type { HostSpec } from '../lab/lab.js'
import { type Bad, type Bench, startBench } from './bench.js'
import { holdfast } from './run.js'

/** What goes wrong on one host during a run, and what then must be so. */
export interface Fault extends Partial<Omit<HostSpec, 'name'>> {
  before?(bad: Bad): unknown
  during?(bad: Bad): Promise<unknown>
  readonly outcome: Outcome
  /** What the reason must say. */
  readonly says?: RegExp
  /** Of each layer, when the run has ended. */
  readonly live: State
  readonly boot: State
  /** Makes the host good again, before the next run; where it is absent the gates, the line and the network are opened. */
  cure?(bad: Bad): Promise<unknown>
  /** The host cannot be brought there at all. */
  readonly hopeless?: true
}

/** `foreign`: neither, since somebody else wrote there. */
export type State = 'old' | 'new' | 'foreign'

/** What became of one host. */
export interface Became {
  readonly outcome: string
  readonly reason: string
  readonly live: string
  readonly boot: string
  /** What a run leaves behind: locks, tokens, staged files. */
  readonly left: string
  readonly next: string
}

const snapshot = `for t in iptables ip6tables; do /etc/alternatives/$t-save 2>/dev/null | sed 's/ \\[.*\\]$//' | grep -v '^#'; done
grep -H '' /proc/sys/net/ipv4/tcp_fin_timeout /proc/sys/net/ipv4/tcp_keepalive_time /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/forwarding
echo @boot
for f in $(find /etc/iptables /etc/sysctl.d /etc/sysctl.conf /etc/sysconfig /usr/iwss/iwsvafw.sh /etc/modules-load.d ! -name '.*' -type f 2>/dev/null | sort); do echo "== $f"; cat $f; done`

const remains = `ls -d /run/holdfast/lock /run/holdfast/broken.* 2>/dev/null
find /etc /usr/iwss -name '.*holdfast*' 2>/dev/null; cat /var/lib/holdfast/staged 2>/dev/null; true`

const look = async ({ host }: Bad): Promise<readonly string[]> => (await host.must(snapshot)).split('@boot\n')

/** Runs one apply over all hosts, each with a fault of its own, then another one, which must find its way. */
export const runFaults = async (
  faults: Readonly<Record<string, Fault>>,
  files: object,
  argv: readonly string[] = [],
): Promise<Readonly<Record<string, Became>>> => {
  const names = Object.keys(faults).map((_, index) => `h${index}`)
  const list = Object.values(faults)
  const bench = await startBench(list.map((fault, index) => specOf(fault, names[index]!)))
  try {
    return Object.fromEntries(
      (await runAll(bench, names, list, files, argv)).map((became, index) => [Object.keys(faults)[index]!, became] as const),
    )
  } finally {
    await bench.stop()
  }
}

const specOf = (fault: Fault, name: string): HostSpec => {
  const { before, during, outcome, says, live, boot, cure, hopeless, kind = 'web', ...spec } = fault
  return { ...spec, kind, name }
}

const runAll = async (bench: Bench, names: readonly string[], faults: readonly Fault[], files: object, argv: readonly string[]) => {
  const bads = names.map((name) => bench.bad(name))
  const old = await Promise.all(bads.map(look))
  await Promise.all(faults.map((fault, index) => fault.before?.(bads[index]!)))
  const apply = (hosts: readonly string[], more: readonly string[]) =>
    holdfast(bench.lab, ['apply', '--connect-timeout', '5', '--lock-timeout', '20', ...more], {
      ...files,
      'inventory.yaml': bench.inventory(hosts),
    })
  const during = Promise.allSettled(faults.map((fault, index) => fault.during?.(bads[index]!)))
  const first = await apply(names, ['--confirm-timeout', '12', ...argv])
  for (const done of await during) if (done.status === 'rejected') throw new Error(`${done.reason}\n${first.stdout}`)
  await Promise.all(
    faults.map(async (fault, index) => {
      const bad = bads[index]!
      bad.open()
      await bad.line('open')
      await bad.line('delay', 0)
      await bad.find()
      // the undo of an act whose end nobody waited for
      for (let waited = 0; waited < 40 && (await bad.host.sh('test -e /run/holdfast/lock/armed')).code === 0; waited++) await sleep(500)
      return fault
    }),
  )
  const then = await Promise.all(bads.map(look))
  await Promise.all(faults.map((fault, index) => fault.cure?.(bads[index]!)))
  const again = names.filter((_, index) => faults[index]!.hopeless === undefined)
  const second = again.length === 0 ? undefined : await apply(again, [])
  const now = await Promise.all(bads.map(look))
  return Promise.all(
    names.map(async (name, index): Promise<Became> => {
      const state = (layer: number): string => {
        const [was, became, is] = [old, then, now].map((all) => all[index]![layer])
        return became === was ? 'old' : became === is ? 'new' : `foreign:\n${became}`
      }
      const said = first.host(name)
      const next = faults[index]!.hopeless === undefined ? second?.host(name) : undefined
      return {
        outcome: said.outcome,
        reason: said.reason ?? '',
        live: state(0),
        boot: state(1),
        left: (await bads[index]!.host.must(remains)).trim(),
        next: next === undefined ? 'hopeless' : `${next.outcome}${next.reason === undefined ? '' : ` ${next.reason}`}`,
      }
    }),
  )
}
