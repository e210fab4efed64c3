import { accessSync, constants, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { show } from '../report/style.js'
import type { HostResult, ShownRun } from '../shown.js'
import { encodeBytes, printable } from '../text.js'
import type { Output } from './console.js'
import { Mistake } from './options.js'

/** Throws a Mistake where no file can be made beside `file`: better known before any host is contacted. */
export function refuseUnwritable(file: string): void {
  try {
    accessSync(dirname(file), constants.W_OK)
  } catch (error) {
    throw new Mistake(`no plan can be kept in ${file}: ${(error as Error).message}`)
  }
}

/** Writes the plans of the hosts that have something to do as one JSON file that only its owner reads; a sentence where that fails. */
export function keepPlan(file: string, { run, hosts }: ShownRun): string | undefined {
  const kept = hosts.filter(({ outcome, plan }) => outcome === 'pending' && plan)
  const document = {
    format: 1,
    run,
    made: new Date().toISOString(),
    hosts: kept.map(({ host, version, plan }) => ({ host, version, plan })),
  }
  const staged = `${file}.${process.pid}.new`
  try {
    writeFileSync(staged, `${JSON.stringify(document, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
    renameSync(staged, file)
    return undefined
  } catch (error) {
    rmSync(staged, { force: true })
    return `the plan could not be kept in ${file}: ${(error as Error).message}`
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
