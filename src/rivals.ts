import type { HostPlan } from './plan.js'
import { isOwn } from './resources/sysctl/dropin.js'
import { bodyOf } from './script/sections.js'
import type { Change, Section, Step } from './types.js'

const contested = ({ steps }: Pick<HostPlan, 'steps'>): readonly Change[] =>
  steps.flatMap((step) => step.changes).filter((change) => change.cause === 'contested')

/** What to look for on the host whose plan this is; nothing where nothing is contested. */
export function rivalWords(plan: Pick<HostPlan, 'steps'>): readonly string[] {
  const words = contested(plan).flatMap((change) => wordsOf(change))
  return [...new Set(words)]
}

/** A key as sysctl(8) and as /proc/sys spell it; whoever moves rules says iptables or nft. */
function wordsOf(change: Change): readonly string[] {
  return change.resource === 'sysctl' ? [change.at, change.at.replaceAll('.', '/')] : ['iptables', 'nft ', 'ufw ', 'firewall-cmd']
}

/** The plan with the probable rival named beside every contested change, from the sections of rivalScript. */
export function nameRivals<P extends Pick<HostPlan, 'steps'>>(plan: P, sections: readonly Section[]): P {
  const found = lines(sections, 'file').flatMap((line) => readHit(line) ?? [])
  const services = lines(sections, 'service').map((name) => {
    const profile = name === 'tuned' ? bodyOf(sections, 'rival', 'profile')?.trim() : ''
    return profile ? `${name} (profile ${profile})` : name
  })
  const note = (change: Change): Change => {
    if (change.cause !== 'contested') return change
    const text = `contested: ${sayRivals(change, found, services)}`
    return { ...change, note: change.note === undefined ? text : `${change.note}; ${text}` }
  }
  return { ...plan, steps: plan.steps.map((step): Step => ({ ...step, changes: step.changes.map(note) })) }
}

function sayRivals(change: Change, hits: readonly Hit[], services: readonly string[]): string {
  const words = wordsOf(change)
  const own = hits.filter(({ file, text }) => !isOwn(file) && words.some((word) => text.includes(word)) && !/^\s*[#;]/.test(text))
  const named = own.slice(0, 3).map(({ file, line, text }) => `${file}:${line} (${text.trim().slice(0, 120)})`)
  const running = services.length > 0 ? [`running: ${services.join(', ')}`] : []
  const all = [...named, ...running]
  return all.length > 0 ? `the rival may be ${all.join('; ')}` : 'no file or service that would hold it was found on the host'
}

interface Hit {
  readonly file: string
  readonly line: string
  readonly text: string
}

function readHit(line: string): Hit | undefined {
  const found = /^(\/[^:]*):(\d+):(.*)$/s.exec(line)
  return found ? { file: found[1]!, line: found[2]!, text: found[3]! } : undefined
}

const lines = (sections: readonly Section[], name: string): readonly string[] =>
  (bodyOf(sections, 'rival', name) ?? '').split('\n').filter((line) => line !== '')
