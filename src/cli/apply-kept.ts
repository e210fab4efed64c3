import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { exitCode } from '../fleet/exit.js'
import { keptAim } from '../kept/aim.js'
import { limitKept } from '../kept/limit.js'
import { isReady, type KeptHost, type KeptNot, type KeptPlan, type KeptReady } from '../kept/plan.js'
import { verify } from '../kept/sign.js'
import { readKept } from '../kept/text.js'
import { readTrusted } from '../kept/trust.js'
import { type Access, extrasOf } from '../load/access.js'
import type { LoadedHost } from '../load/load.js'
import { wantNothing } from '../load/want-nothing.js'
import { show } from '../report/style.js'
import { isOfShard } from '../shard.js'
import type { HostResult } from '../shown.js'
import { decodeBytes } from '../text.js'
import { untilWindow, windowsOf } from './at-window.js'
import type { Console } from './console.js'
import { conclude } from './converge.js'
import { inventoriesOf } from './files.js'
import { listenForInterrupts } from './interrupt.js'
import { tellShard } from './load.js'
import { type RunOrder, runOnce } from './one-run.js'
import { type FleetOptions, Mistake } from './options.js'
import type { Parts, Way } from './parts.js'

/** `holdfast apply PLAN.json`: exactly the steps of a kept plan, on every host that is still as the plan was made from. */
export async function applyKept(
  named: readonly string[],
  options: FleetOptions,
  parts: Parts,
  console: Console,
  tool: string,
): Promise<number> {
  const file = named[0]!
  if (named.length > 1) throw new Mistake(`a kept plan is applied alone, without ${named.find((path) => path !== file) ?? 'a second one'}`)
  refuseOthers(options)
  const { plan, signer } = await readPlan(file, options, tool)
  const confirmTimeout = ownTimeout(plan, options)
  const limited = limitKept(plan.hosts, options.limit)
  if (typeof limited === 'string') throw new Mistake(`--limit: ${limited}`)
  const { shard } = options
  const kept = shard ? limited.filter(({ host }) => isOfShard(host, shard)) : limited
  if (shard) tellShard(shard, kept, limited, console)
  const fleet = shard && { fleet: limited.map(({ host }) => host) }
  const hosts = await loadKept(kept, options, parts)
  tell(file, plan, signer, console)
  const command = options.check ? 'plan' : 'apply'
  const interrupts = listenForInterrupts()
  try {
    const given = { ...options, confirmTimeout, state: options.state ?? stateBeside(file, options) }
    const playbooks = [...new Set(kept.flatMap((host) => (isReady(host) ? host.want.playbooks : [])))]
    if (options.atWindow) {
      const windows = await windowsOf(
        kept.filter(isReady).map(({ host }) => host),
        options,
        parts,
      )
      const say = (text: string): void => console.err.write(`holdfast: ${text}\n`)
      if (!(await untilWindow(windows, plan.validUntil, given, interrupts, say)))
        return exitCode({ hosts: [], signal: interrupts.signal()! })
    }
    const way = await wayOf(kept)
    const engine: RunOrder['engine'] = (order) => parts.engine({ ...order, apply: command === 'apply', way })
    const { shown, bug, told } = await runOnce({ command, playbooks, hosts, ...fleet, options: given, interrupts, engine }, console)
    const code = conclude(shown, bug, interrupts, options, console)
    await told
    return code
  } finally {
    interrupts.end()
  }
}

/** What would make another plan of it. */
function refuseOthers(options: FleetOptions): void {
  const said = [
    ['--tags', options.tags !== undefined],
    ['--extra-vars', Object.keys(options.extraVars).length > 0],
    ['--become', options.become],
    ['--prune', options.prune],
    ['--cause', options.cause !== undefined],
    ['--out', options.out !== undefined],
    ['--sign', options.sign !== undefined],
    ['--script', options.script && !options.check],
    ['--wide', options.wide === true],
  ] as const
  const found = said.find(([, is]) => is)
  if (found) throw new Mistake(`${found[0]} cannot be said of a kept plan: it is carried out exactly as it was made`)
}

async function readPlan(file: string, options: FleetOptions, tool: string): Promise<{ readonly plan: KeptPlan; readonly signer?: string }> {
  const refuse = (why: string): Mistake => new Mistake(`the plan ${file} is refused: ${why}`)
  if (!existsSync(file)) throw new Mistake(`there is no plan ${file}: holdfast plan --out ${file} keeps one`)
  const bytes = readTrusted(file)
  if (typeof bytes === 'string') throw refuse(bytes)
  const signer = options.allowedSigners === undefined ? undefined : await signerOf(file, bytes, options.allowedSigners)
  if (signer && 'refused' in signer) throw refuse(signer.refused)
  const plan = readKept(decodeBytes(bytes), tool, Date.now())
  if (typeof plan === 'string') throw refuse(plan)
  return { plan, ...(signer && { signer: signer.signer }) }
}

async function signerOf(file: string, bytes: Buffer, allowed: string): ReturnType<typeof verify> {
  const trusted = readTrusted(allowed)
  if (typeof trusted === 'string') return { refused: `--allowed-signers ${allowed} cannot be relied on: ${trusted}` }
  return existsSync(`${file}.sig`) ? verify(bytes, `${file}.sig`, allowed) : { refused: `it is not signed: there is no ${file}.sig` }
}

const usualTimeout = 60

function ownTimeout({ confirmTimeout }: KeptPlan, options: FleetOptions): number {
  if (options.confirmTimeout !== usualTimeout && options.confirmTimeout !== confirmTimeout)
    throw new Mistake(
      `--confirm-timeout ${options.confirmTimeout}: the plan was made with ${confirmTimeout}, and is carried out exactly so`,
    )
  return confirmTimeout
}

/** Passwords are in no kept plan: where a host needs one, the inventory is read for it. */
async function loadKept(kept: readonly KeptHost[], options: FleetOptions, parts: Parts): Promise<readonly LoadedHost[]> {
  const needy = kept.filter((host) => isReady(host) && host.target.passwordFrom !== undefined).map(({ host }) => host)
  const passwords = needy.length === 0 ? new Map<string, Partial<Access>>() : await passwordsOf(needy, options, parts)
  return kept.map((host) => {
    const { passwordFrom, ...target } = host.target
    const password = passwords.get(host.host)
    if (passwordFrom !== undefined && isReady(host) && password === undefined)
      throw new Mistake(`${host.host} logs in by what the inventory says, and it says nothing of it any more`)
    const reached: Access = { ...target, ...password }
    return { target: reached, want: isReady(host) ? host.want : wantNothing(host.host), groups: host.groups }
  })
}

async function passwordsOf(hosts: readonly string[], options: FleetOptions, parts: Parts): Promise<ReadonlyMap<string, Partial<Access>>> {
  const loaded = await parts.named({ inventory: inventoriesOf(options), patterns: hosts, extraVars: {} })
  if ('problems' in loaded)
    throw new Mistake(`the inventory cannot be read for the passwords: ${loaded.problems.map(({ message }) => message).join('; ')}`)
  return new Map(
    loaded.hosts.map(({ target }) => [
      target.host,
      { ...extrasOf(target), ...(target.password !== undefined && { password: target.password }) },
    ]),
  )
}

/** The history goes where the inventory is, or else beside the plan. */
const stateBeside = (file: string, { inventory }: FleetOptions): string =>
  join(dirname(inventory?.[0] ?? (existsSync('inventory.yaml') ? 'inventory.yaml' : file)), '.holdfast')

async function wayOf(kept: readonly KeptHost[]): Promise<Way> {
  const { converge } = await import('../host/converge.js')
  const { afterChange } = await import('../host/on-change.js')
  const ready = new Map<string, KeptReady>(kept.flatMap((host) => (isReady(host) ? [[host.host, host]] : [])))
  const others = new Map<string, KeptNot>(kept.flatMap((host) => (isReady(host) ? [] : [[host.host, host]])))
  return async (item, given, recall) => {
    const own = ready.get(item.target.host)
    return own ? afterChange(item, given, await converge(item, given, keptAim(own, recall))) : untouched(others.get(item.target.host)!)
  }
}

const untouched = ({ host, outcome, reason }: KeptNot): HostResult => ({
  host,
  outcome,
  changes: [],
  reason: `not touched: when the plan was made it was ${outcome}${reason === undefined ? '' : `: ${reason}`}`,
})

function tell(file: string, { run, by, made, validUntil }: KeptPlan, signer: string | undefined, { err }: Console): void {
  const signed = signer === undefined ? '' : `, signed by ${signer}`
  err.write(`note: ${show(`${file} is the plan of run ${run}, made by ${by} at ${made}${signed}, valid until ${validUntil}`, err.style)}\n`)
  if (signer === undefined && existsSync(`${file}.sig`))
    err.write(`note: ${show(`${file}.sig was not looked at: name whom you trust with --allowed-signers`, err.style)}\n`)
}
