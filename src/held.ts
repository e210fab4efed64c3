import type { Section } from './types.js'

/** What a look happened to read beside what it was asked for: settings in boot files and live rules that are not ours. Things by name, with their value. */
export function heldOf(sections: readonly Section[]): Readonly<Record<string, string>> {
  const held: Record<string, string> = {}
  for (const { kind, name, body } of sections) {
    if (kind === 'file' && /\/sysctl(\.d\/[^/]+)?(\.conf)?$/.test(name) && !name.endsWith('-holdfast.conf')) settings(body, held)
    if (kind === 'save') rules(name, body, held)
  }
  return held
}

function settings(body: string, held: Record<string, string>): void {
  for (const line of body.split('\n')) {
    const found = /^\s*-?\s*([a-z][\w./*-]*)\s*=\s*(.*?)\s*$/.exec(line)
    if (found) held[`sysctl ${found[1]!.replaceAll('/', '.')}`] = found[2]!
  }
}

/** Chains that other programs fill as hosts, containers and attackers come and go: they differ on any two hosts. */
const lively = /(^-A (DOCKER|KUBE-|f2b-|cali-|CNI-|ufw)|holdfast:)/

function rules(name: string, body: string, held: Record<string, string>): void {
  const family = name.split(' ').at(-1) ?? ''
  let table = ''
  for (const line of body.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1)
    if (line.startsWith('-A ') && !lively.test(line)) held[`iptables ${family} ${table} ${line}`] = 'there'
    const policy = /^:(\S+) (ACCEPT|DROP)\b/.exec(line)
    if (policy) held[`iptables ${family} ${table} policy of ${policy[1]}`] = policy[2]!
  }
}
