import { expect, it } from 'vitest'
import { diagnosisJson, diagnosisText } from '../../src/report/diagnosis.js'

const hosts = [
  {
    host: 'web1',
    findings: [
      {
        id: 'conntrack-outlives-timeout',
        certainty: 'seen',
        evidence: ['30 of 40 tracked connections have more than 3600 s left', 'a line\nand \x1b[31manother'],
        cure: 'reage: true',
      },
    ],
    ages: [
      { upTo: 60, count: 10 },
      { upTo: 432000, count: 30 },
    ],
  },
  { host: 'web2', findings: [] },
  { host: 'web3', findings: [], outcome: 'unreachable', reason: 'refused' },
] as const

it('shows findings with their evidence, and the ages of tracked connections as bars', () => {
  expect(diagnosisText(hosts, { width: 60, unicode: false, colour: false })).toBe(`web1
  conntrack-outlives-timeout  seen: it happens
    - 30 of 40 tracked connections have more than 3600 s
      left
    - a line
    - and \\x1b[31manother
      up to 1 minute   left      10 #######
      up to 5 days     left      30 ####################
    cure: reage: true

web3
  refused

nothing found on web2
`)
})

it('prints the document without what is for people only', () => {
  expect(JSON.parse(diagnosisJson(hosts))).toEqual({
    hosts: [
      { host: 'web1', findings: hosts[0].findings },
      { host: 'web2', findings: [] },
      { host: 'web3', findings: [], outcome: 'unreachable', reason: 'refused' },
    ],
  })
})
