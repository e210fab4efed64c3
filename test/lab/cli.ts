/** A lab for a person: `up [NUMBER | NAME=KIND...] [--keep]` and `down`. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { stopKept } from './keeper.js'
import { type Kind, kinds } from './kinds.js'
import { type HostSpec, type Lab, startLab } from './lab.js'

const usage = `usage: lab [up] [NUMBER | NAME=KIND...] [--keep]   start hosts (a proxy, an appliance and a web host) and a shell beside them
       lab down                                    end the labs started with --keep
kinds: ${Object.keys(kinds).join(' ')}`

const isKind = (word: string): word is Kind => Object.hasOwn(kinds, word)

/** `web1=web` is a host of that name; `web` alone a host `web1`; a number that many, of the three kinds in turn. */
const specsOf = (words: readonly string[]): HostSpec[] | undefined => {
  const count = words.length === 0 ? 3 : words.length === 1 && /^\d+$/.test(words[0]!) ? Number(words[0]) : undefined
  if (count !== undefined) {
    const turn: readonly Kind[] = ['proxy', 'appliance', 'web']
    return Array.from({ length: count }, (_, index) => ({ name: `${turn[index % 3]}${Math.floor(index / 3) + 1}`, kind: turn[index % 3]! }))
  }
  const pairs = words.map((word) => (word.includes('=') ? word.split('=') : [`${word}1`, word]))
  return pairs.every(([, kind]) => isKind(kind!)) ? pairs.map(([name, kind]) => ({ name: name!, kind: kind as Kind })) : undefined
}

const show = (lab: Lab): void => {
  const rows = lab.hosts.map((host) => `  ${host.name.padEnd(14)}${host.kind.padEnd(11)}${host.address.padEnd(15)}${host.address6}`)
  console.log(`${rows.join('\n')}

inventory     ${lab.dir}/inventory.yaml
known hosts   ${lab.dir}/known_hosts
controller    nsenter --net=/proc/${lab.pid}/ns/net
log in        ssh -i ${lab.dir}/id_ed25519 -o UserKnownHostsFile=${lab.dir}/known_hosts root@${lab.hosts[0]?.address}   (from the controller)
`)
}

const shell = async (lab: Lab): Promise<void> => {
  console.log('A shell on the controller; $LAB is the folder. The lab ends with it.')
  const env = { ...process.env, LAB: lab.dir }
  process.on('SIGINT', () => {}) // the shell's
  const child = spawn('nsenter', [`--net=/proc/${lab.pid}/ns/net`, process.env.SHELL ?? 'bash'], { stdio: 'inherit', env })
  await once(child, 'exit')
}

const up = async (words: readonly string[], keep: boolean): Promise<void> => {
  const specs = specsOf(words)
  if (!specs) throw new Error(usage)
  const lab = await startLab(specs, { keep })
  show(lab)
  if (keep) return
  if (process.stdin.isTTY) await shell(lab)
  else await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), once(process.stdin.resume(), 'end')])
  process.stdin.pause()
  await lab.stop()
}

const words = process.argv.slice(2).filter((word) => word !== '--keep')
const [command] = words
try {
  if (command === 'down') for (const name of stopKept()) console.log(`ended ${name}`)
  else await up(command === 'up' ? words.slice(1) : words, process.argv.includes('--keep'))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
