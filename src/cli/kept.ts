import { accessSync, constants, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { KeptHost, KeptPlan } from '../kept/plan.js'
import { keptTarget } from '../kept/plan.js'
import { sign } from '../kept/sign.js'
import { writeKept } from '../kept/text.js'
import type { LoadedHost } from '../load/load.js'
import { show } from '../report/style.js'
import type { HostResult, ShownRun } from '../shown.js'
import { encodeBytes, printable } from '../text.js'
import type { Output } from './console.js'
import { type FleetOptions, Mistake } from './options.js'
import { whoRuns } from './parts.js'

/** Throws a Mistake where a plan could not be kept as the options say: better known before any host is contacted. */
export function refuseKeeping({ out, sign: key, validFor, validUntil, cause }: FleetOptions, now: number): void {
  if (out === undefined) {
    const orphan = [key !== undefined && '--sign', validFor !== undefined && '--valid-for', validUntil !== undefined && '--valid-until']
    const first = orphan.find(Boolean)
    if (first) throw new Mistake(`${first} is about a kept plan: name its file with --out`)
    return
  }
  if (cause !== undefined)
    throw new Mistake('--cause picks anew at every run: a kept plan holds all of it, or what --limit and --tags leave')
  if (!out.endsWith('.json')) throw new Mistake(`${out}: the name of a kept plan ends in .json, so that apply tells it from a playbook`)
  if (validFor !== undefined && validUntil !== undefined) throw new Mistake('--valid-for and --valid-until exclude each other')
  if (validUntil !== undefined && validUntil <= now) throw new Mistake('--valid-until is past')
  const asked = [dirname(out), constants.W_OK] as const
  for (const [path, mode] of [asked, ...(key === undefined ? [] : [[key, constants.R_OK] as const])]) {
    try {
      accessSync(path, mode)
    } catch (error) {
      throw new Mistake(`no plan can be kept in ${out}: ${(error as Error).message}`)
    }
  }
}

const day = 24 * 3_600_000

/** A run as a plan that can be kept: the hosts in its order, each with what apply needs, and no secret. */
export function keptPlanOf(shown: ShownRun, hosts: readonly LoadedHost[], options: FleetOptions, tool: string, now: number): KeptPlan {
  const known = new Map(hosts.map((host) => [host.target.host, host]))
  const validUntil = options.validUntil ?? now + (options.validFor ?? day)
  return {
    format: 1,
    tool,
    run: shown.run,
    by: whoRuns(),
    made: new Date(now).toISOString(),
    validUntil: new Date(validUntil).toISOString(),
    confirmTimeout: options.confirmTimeout,
    hosts: shown.hosts.flatMap((result) => {
      const loaded = known.get(result.host)
      return loaded ? [keptHostOf(result, loaded, options)] : []
    }),
  }
}

function keptHostOf(
  { host, outcome, reason, version, plan }: HostResult,
  { target, want, groups }: LoadedHost,
  { become }: FleetOptions,
): KeptHost {
  const reached = { ...target, become: target.become || (become && target.user !== target.becomeUser) }
  const any = { host, groups, target: keptTarget(reached), outcome }
  if ((outcome !== 'pending' && outcome !== 'in-sync') || !plan?.madeFrom) return { ...any, ...(reason === undefined ? {} : { reason }) }
  return { ...any, ...(version === undefined ? {} : { version }), want, steps: plan.steps ?? [], madeFrom: plan.madeFrom }
}

/** Writes a plan into a file that only its owner reads, and its signature beside it; a sentence where that fails: neither is there then. */
export async function keepPlan(file: string, plan: KeptPlan, key: string | undefined): Promise<string | undefined> {
  const bytes = Buffer.from(writeKept(plan))
  const signed = key === undefined ? undefined : await sign(bytes, key)
  if (signed && 'refused' in signed) return `the plan could not be signed, so it was not kept: ${signed.refused}`
  try {
    rmSync(`${file}.sig`, { force: true }) // of another plan
    if (signed) put(`${file}.sig`, signed.signature)
    put(file, bytes)
    return undefined
  } catch (error) {
    return `the plan could not be kept in ${file}: ${(error as Error).message}`
  }
}

function put(file: string, content: string | Buffer): void {
  const staged = `${file}.${process.pid}.new`
  try {
    writeFileSync(staged, content, { mode: 0o600, flag: 'wx' })
    renameSync(staged, file)
  } catch (error) {
    rmSync(staged, { force: true })
    throw error
  }
}

/** Prints what would run on each host: byte for byte into a file or pipe, harmless on a terminal. */
export function writeScripts(hosts: readonly HostResult[], { write, style, terminal }: Output): void {
  for (const { host, plan } of hosts) {
    for (const { name, text } of plan?.scripts ?? []) {
      write(`# ${show(host, style)}: ${name}\n`)
      write(terminal ? printable(text, { newlines: true }) : encodeBytes(text))
      write('\n')
    }
  }
}
