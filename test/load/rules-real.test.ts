import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { yamlRows } from './rows.js'

interface Row {
  readonly family?: string
  readonly specs?: readonly string[]
  readonly specs6?: readonly string[]
  readonly real?: boolean
}

const tables: readonly (readonly [RegExp, string])[] = [
  [/ (DNAT|REDIRECT)\b/, 'nat PREROUTING'],
  [/ SNAT\b/, 'nat POSTROUTING'],
  [/ (DSCP|TEE)\b/, 'mangle PREROUTING'],
  [/ --[ug]id-owner /, 'filter OUTPUT'],
]

function command(spec: string, binary: string): string {
  const words = spec.split(' ').map((word) => `'${(word === '∅' ? '' : word).replaceAll('␠', ' ').replaceAll("'", `'\\''`)}'`)
  const [table, chain] = (tables.find(([shape]) => shape.test(` ${spec}`))?.[1] ?? 'filter FORWARD').split(' ')
  return `${binary} -w -t ${table} -A ${chain} ${words.join(' ')} || echo ${binary} refuses ${words.join(' ')} >&2`
}

const usable = spawnSync('unshare', ['-n', 'iptables-save']).status === 0

describe.skipIf(!usable)('the words of rules', () => {
  it.each(['nft', 'legacy'])('are what iptables takes (%s)', { timeout: 120_000 }, (backend) => {
    const lines = yamlRows<Row[]>('rules.yaml')
      .filter(({ real }) => real !== false)
      .flatMap(({ family, specs = [], specs6 = [] }) => [
        ...specs.map((spec) => command(spec, `${family === 'ipv6' ? 'ip6tables' : 'iptables'}-${backend}`)),
        ...specs6.map((spec) => command(spec, `ip6tables-${backend}`)),
      ])
    expect(lines.length).toBeGreaterThan(90)
    const jumps = ['iptables', 'ip6tables'].map((tool) => `${tool}-${backend} -w -N X`) // a chain that some rows jump to
    const ran = spawnSync('unshare', ['-n', 'sh', '-s'], { input: [...jumps, ...lines].join('\n'), encoding: 'utf8' })
    expect(ran.stderr.split('\n').filter((line) => line.includes('refuses'))).toEqual([])
    expect(ran.status).toBe(0)
  })
})
