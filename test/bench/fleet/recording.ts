import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { stringify } from 'yaml'
import { aimOf } from '../../../src/aim.js'
import { realParts } from '../../../src/cli/parts.js'
import { lookScript } from '../../../src/script/look.js'
import { markOf } from '../../../src/script/sections.js'
import { holdfast } from '../../e2e/run.js'
import { type Lab, startLab } from '../../lab/lab.js'
import { markWord, type Recording } from './agreed.js'

/** What is wanted of every host of the simulated fleet. */
export const playbook = [
  {
    name: 'Of every host',
    hosts: 'all',
    sysctl: { 'net.ipv4.tcp_rfc1337': 1, 'net.ipv4.tcp_fin_timeout': 31, 'net.ipv4.tcp_keepalive_time': 1800 },
    iptables: [
      { id: 'monitoring', chain: 'INPUT', rule: '-p tcp --dport 9100 -j ACCEPT' },
      { id: 'proxy', chain: 'INPUT', rule: '-p tcp -s 198.18.7.0/24 -m tcp --dport 8080 -j ACCEPT' },
      { id: 'no-telnet', chain: 'INPUT', rule: '-p tcp -m tcp --dport 23 -j REJECT' },
    ],
  },
]

/** Brings a host of the lab to what is wanted, and keeps what it answers to the tool's own look; the lab goes on, for its network. */
export async function record(): Promise<{ readonly lab: Lab; readonly recording: Recording }> {
  const lab = await startLab([{ name: 'model', kind: 'web' }])
  try {
    const applied = await holdfast(lab, ['apply', 'playbooks/fleet.yaml'], { 'playbooks/fleet.yaml': playbook })
    if (applied.code !== 0) throw new Error(`the model was not converged: ${applied.stdout}${applied.stderr}`)
    const script = await lookOf(lab)
    const inSync = await look(lab, script)
    await lab.host('model').must('echo 60 > /proc/sys/net/ipv4/tcp_fin_timeout')
    return { lab, recording: { inSync, pending: await look(lab, script) } }
  } catch (error) {
    await lab.stop()
    throw error
  }
}

/** The look that a plan of the playbook sends to the model. */
async function lookOf(lab: Lab): Promise<string> {
  const folder = join(lab.dir, 'model')
  mkdirSync(join(folder, 'playbooks'), { recursive: true })
  writeFileSync(join(folder, 'playbooks/fleet.yaml'), stringify(playbook))
  const parts = realParts(pathToFileURL(join(import.meta.dirname, '../../../playbooks/')))
  const run = await parts.load({ inventory: [join(lab.dir, 'inventory.yaml')], playbooks: [join(folder, 'playbooks/fleet.yaml')] })
  const host = 'hosts' in run ? run.hosts[0] : undefined
  if (!host) throw new Error(JSON.stringify(run))
  return lookScript(aimOf(host.want).look(), markOf('recorded'))
}

async function look(lab: Lab, script: string): Promise<string> {
  // what a host remembers is packed: bytes, which no text would keep
  const printed = Buffer.from(await lab.host('model').must('/bin/sh -s | base64', script), 'base64').toString('latin1')
  if (!printed.includes(`\n${markWord} end\n`)) throw new Error(`the look did not end: ${printed}`)
  return printed
}
