import type { SysctlWant } from '../resources/sysctl/want.js'
import type { HostWant, Problem, Profile } from '../types.js'
import { type Bench, filledText, lineOf, type Placed } from './bench.js'
import type { Host } from './inventory.js'
import type { KnownTexts } from './known-text.js'
import type { Play } from './playbook.js'
import { type Names, type RuleSpecs, readRule } from './rule.js'
import { scopeOf, type World } from './scope.js'
import { isSecret } from './secret.js'
import { filterOf, type HostWatch, hostWatch, type SharedFilters } from './shared-filter.js'
import type { Scope } from './template.js'
import { readHostReach, readReach } from './want-reach.js'
import { mergeSysctl, readSysctl } from './want-sysctl.js'

/** What is the same for every host of the run. */
export interface WantRun {
  readonly world: World
  /** The same as a play sees it: other variables may stand beside its playbook. */
  readonly worldOf: (play: Play) => World
  readonly names: Names
  readonly playbooks: readonly string[]
  readonly mayRemove: boolean
  readonly prune: boolean
  /** The host stands for one that is not there: what only a host has is not known. */
  readonly nobody: boolean
  /** Rules that come out the same on every host, by place and family. */
  readonly shared: Map<string, { readonly specs: RuleSpecs; readonly looked: boolean }>
  readonly filters: SharedFilters
  /** What earlier runs made of long texts. */
  readonly known: KnownTexts | undefined
  /** The profile that a name in a play means; `wrong` undefined: its file's problems are told already. */
  readonly profile: (name: string, play: Play) => Profile | { readonly wrong: string | undefined }
  readonly tell: (problem: Problem, host: string, play: Play | undefined) => void
}

/** What one host should hold, merged over the plays that name it. */
export function wantOf(host: Host, plays: readonly Play[], run: WantRun): HostWant {
  const watch = hostWatch()
  const benches = plays.map((play) => benchOf(host, play, run, watch))
  const profile = profileOf(host, benches, run)
  const keys = mergeSysctl(benches.flatMap(readSysctl))
  const sysctl: SysctlWant = { keys, reage: benches.some(({ play }) => play.written.reage === true) }
  // to nobody a group's addresses may be there later
  const iptables = filterOf(benches, profile, run.nobody ? { filters: new Map(), known: undefined, watch } : { ...run, watch })
  return {
    host: host.name,
    ...(profile && { profile }),
    resources: { sysctl, iptables },
    playbooks: run.playbooks,
    mayRemove: run.mayRemove,
    prune: run.prune,
    bootLoader: same(benches.flatMap((bench) => field(bench, 'boot_loader')))?.item ?? 'auto',
    beside: [...new Set(benches.flatMap(({ play }) => play.written.beside ?? []))],
    reach: [
      ...readHostReach(host, scopeOf(host, run.world), run.names, (problem) => run.tell(problem, host.name, undefined)),
      ...benches.flatMap(readReach),
    ],
    onChange: benches.flatMap(readOnChange),
  }
}

/** What a play wants is read by everybody on the host: no secret of a login may stand in it. */
function withholds(name: string): string | undefined {
  return isSecret(name) ? `${name} is a secret: what stands in a play can be read on the host` : undefined
}

function benchOf(known: Host, play: Play, run: WantRun, watch: HostWatch): Bench {
  const world = run.worldOf(play)
  const host = world.inventory.hosts.get(known.name) ?? known
  const own = scopeOf(host, world, play.written.vars, { lenient: play.lenient, nobody: run.nobody })
  const get: Scope['get'] = (name) => {
    if (name === 'groups') watch.looked()
    else watch.noticed()
    return own.get(name)
  }
  const scope = { ...own, get, withholds }
  const report: Bench['report'] = (problem) => {
    watch.noticed()
    run.tell(problem, host.name, play)
  }
  const tell: Bench['tell'] = (path, message, aim) => report(play.document.problem([play.index, ...path], message, aim))
  const specs = sharedSpecs(play, scope, run, watch)
  return { host, play, scope, names: run.names, specs, origin: { playbook: play.playbook, play: play.name }, report, tell }
}

/** Reads a rule, once for all hosts where its templates name groups only: a thousand proxies on a thousand hosts are one list. */
function sharedSpecs(play: Play, scope: Scope, run: WantRun, watch: HostWatch): Bench['specs'] {
  return (rule, path, family, both) => {
    const text = typeof rule === 'string' ? rule : JSON.stringify(rule)
    const read = () => {
      let looked = text.includes('{{')
      const names: Names = (name) => {
        looked = true
        return run.names(name)
      }
      return { specs: readRule(rule, { family, both, scope, names }), looked }
    }
    if (/\{[%#]|\{\{(?!\s*groups\.)/.test(text)) return read().specs
    const key = `${play.document.file}:${[play.index, ...path].join('.')} ${family} ${both}`
    const known = run.shared.get(key) ?? read()
    run.shared.set(key, known)
    if (known.looked) watch.looked()
    return known.specs
  }
}

function field<Key extends 'boot_loader' | 'profile'>(bench: Bench, key: Key): readonly Placed<NonNullable<Play['written'][Key]>>[] {
  const value = bench.play.written[key]
  return value === undefined || value === null ? [] : [{ item: value as NonNullable<Play['written'][Key]>, path: [key], bench }]
}

/** The one value that all plays agree on; a second one is told with both places. */
function same<Item>(
  all: readonly Placed<Item>[],
  equal: (a: Placed<Item>, b: Placed<Item>) => boolean = (a, b) => a.item === b.item,
): Placed<Item> | undefined {
  const [first] = all
  const other = first && all.find((each) => !equal(each, first))
  if (first && other) {
    other.bench.tell(other.path, `${String(other.item)} is wanted here and ${String(first.item)} at ${lineOf(first)}: a host has one`)
  }
  return first
}

function profileOf(host: Host, benches: readonly Bench[], run: WantRun): Profile | undefined {
  const asked = benches.flatMap((bench) => field(bench, 'profile'))
  const found = asked.map((each) => ({ each, got: run.profile(each.item, each.bench.play) }))
  for (const { each, got } of found) if ('wrong' in got && got.wrong) each.bench.tell(['profile'], got.wrong)
  const fileOf = (name: string, play: Play) => {
    const got = run.profile(name, play)
    return 'wrong' in got ? name : got.file
  }
  const first = same(asked, (a, b) => fileOf(a.item, a.bench.play) === fileOf(b.item, b.bench.play))
  const [got] = found
  if (first && got) return 'wrong' in got.got ? undefined : got.got
  return ownProfile(host, benches, run)
}

/** `holdfast_profile` of the inventory, where no play says otherwise. */
function ownProfile(host: Host, benches: readonly Bench[], run: WantRun): Profile | undefined {
  const [bench] = benches
  const variable = host.vars.get('holdfast_profile')
  if (!bench || bench.scope.get('holdfast_profile') === undefined || bench.scope.get('holdfast_profile') === null) return undefined
  const refuse = (message: string): undefined => {
    if (variable) run.tell(variable.document.problem(variable.path, message), host.name, undefined)
    else bench.tell([], message)
  }
  const name = filledText({ ...bench, tell: (_, message) => refuse(message) }, [], bench.scope.get('holdfast_profile'))
  if (name === undefined) return undefined
  const got = run.profile(name, bench.play)
  if ('wrong' in got) return got.wrong === undefined ? undefined : refuse(got.wrong)
  return got
}

function readOnChange(bench: Bench): HostWant['onChange'] {
  const written = bench.play.written.on_change
  if (written === undefined) return []
  const text = typeof written === 'string' ? written : written.run
  const run = filledText(bench, typeof written === 'string' ? ['on_change'] : ['on_change', 'run'], text)
  const timeout = typeof written === 'string' ? 60 : (written.timeout ?? 60)
  return run === undefined ? [] : [{ ...bench.origin, run, timeout }]
}
