import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { type HostSpec, type Lab, type LabHost, startLab } from '../lab/lab.js'
import { wordsOf } from '../program.js'

/** A host that faults can be done to: its line, and gates at which its commands stop. */
export interface Bad {
  readonly host: LabHost
  line(verb: 'open' | 'cut' | 'block' | 'freeze' | 'mute' | 'babble' | 'delay', number?: number): Promise<void>
  /**
   * The next call of a command that matches stops there: `before` or `after` it did its work; `fail N`: the Nth such call does nothing and
   * ends with 4; `lie N`: it does nothing and ends with 0; `grumble N`: it does its work and ends with 1.
   */
  gate(command: Gate, when: string, pattern?: string): void
  /** Resolves once a command stands at the gate. */
  at(command: Gate): Promise<void>
  /** Opens every gate of this boot. */
  open(): void
  /** One direction of the host's cable: iptables words of the controller, `INPUT -m statistic --mode random --probability 0.3`. */
  lose(chain: 'INPUT' | 'OUTPUT', probability?: number): Promise<void>
  find(): Promise<void>
}

export type Gate = keyof typeof commands

const commands = {
  cksum: '/usr/bin/cksum',
  cp: '/usr/bin/cp',
  ip: '/usr/bin/ip',
  mkdir: '/usr/bin/mkdir',
  setsid: '/usr/bin/setsid',
  mv: '/usr/bin/mv',
  ln: '/usr/bin/ln',
  'iptables-save': '/etc/alternatives/iptables-save',
  'iptables-restore': '/etc/alternatives/iptables-restore',
  'ip6tables-restore': '/etc/alternatives/ip6tables-restore',
} as const

// /usr/sbin is first on the PATH of every script
const wrapper = (name: string, real: string): string => `#!/bin/sh
g=/run/gate/${name}
if [ -f $g ] && read -r when n pattern < $g; then
  case " $* " in $pattern)
    case $when in
      before) : > $g.at; while [ -f $g ]; do sleep 0.05; done;;
      after) ${real} "$@"; r=$?; : > $g.at; while [ -f $g ]; do sleep 0.05; done; exit $r;;
      *)
        echo . >> $g.calls
        if [ "$(wc -l < $g.calls)" = "$n" ]; then
          : > $g.at
          case $when in
            fail) echo "${name}: told to fail" >&2; exit 4;;
            lie) cat > /dev/null; exit 0;;
            grumble) ${real} "$@"; exit 1;;
          esac
        fi;;
    esac;;
  esac
fi
exec ${real} "$@"
`

/** A lab whose hosts are reached through relays, with gates in their commands (not where busybox has them: the alpine kind). */
export interface Bench {
  readonly lab: Lab
  bad(name: string): Bad
  /** The inventory of some hosts, by way of the relays. */
  inventory(names: readonly string[]): object
  stop(): Promise<void>
}

export const startBench = async (specs: readonly HostSpec[]): Promise<Bench> => {
  const lab = await startLab(specs.map((spec) => ({ ...spec, files: { ...(spec.kind === 'alpine' ? {} : gates(spec)), ...spec.files } })))
  try {
    return await benchOf(lab)
  } catch (error) {
    await lab.stop()
    throw error
  }
}

const gates = (spec: HostSpec): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(commands)
      .filter(([name, real]) => !(spec.hide ?? []).includes(real) && !(spec.hide ?? []).includes(`/usr/sbin/${name}`))
      .map(([name, real]) => [`/usr/sbin/${name}`, wrapper(name, real)]),
  )

const benchOf = async (lab: Lab): Promise<Bench> => {
  const relay = spawn(
    'nsenter',
    [`--net=/proc/${lab.pid}/ns/net`, ...wordsOf('test/e2e/relay.ts'), ...lab.hosts.map((host) => host.address)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const answers = createInterface(relay.stdout)[Symbol.asyncIterator]()
  const ports = ((await answers.next()).value as string).split(' ')
  let turn: Promise<unknown> = Promise.resolve()
  const tell = (text: string): Promise<void> => {
    const done = turn.then(() => {
      relay.stdin.write(`${text}\n`)
      return answers.next()
    })
    turn = done
    return done.then(() => {})
  }
  const [type, key] = readFileSync(join(lab.dir, 'host_key.pub'), 'utf8').split(' ')
  appendFileSync(join(lab.dir, 'known_hosts'), ports.map((port) => `[198.18.0.1]:${port} ${type} ${key}\n`).join(''))
  const index = (name: string): number => lab.hosts.findIndex((host) => host.name === name)
  return {
    lab,
    bad: (name) => badOf(lab, lab.host(name), (text) => tell(`${index(name)} ${text}`)),
    inventory: (names) => ({
      all: {
        vars: { ansible_user: 'root', ansible_ssh_private_key_file: join(lab.dir, 'id_ed25519') },
        hosts: Object.fromEntries(
          names.map((name) => [
            name,
            { ansible_host: '198.18.0.1', ansible_port: Number(ports[index(name)]), ...lab.host(name).spec.vars },
          ]),
        ),
      },
    }),
    stop: async () => {
      relay.stdin.end()
      await lab.stop()
    },
  }
}

const badOf = (lab: Lab, host: LabHost, tell: (text: string) => Promise<void>): Bad => {
  const gate = (command: string): string => `/proc/${host.pid}/root/run/gate/${command}`
  const table = (verb: string) => (chain: string, probability: number) =>
    lab.run([
      'iptables',
      '-w',
      verb,
      chain,
      chain === 'INPUT' ? '-s' : '-d',
      host.address,
      '-m',
      'statistic',
      '--mode',
      'random',
      '--probability',
      String(probability),
      '-j',
      'DROP',
    ])
  const lost: [string, number][] = []
  return {
    host,
    line: (verb, number) => tell(`${verb} ${number ?? ''}`),
    gate: (command, when, pattern = '*') => {
      mkdirSync(dirname(gate(command)), { recursive: true })
      const [word, number = '0'] = when.split(' ')
      writeFileSync(gate(command), `${word} ${number} ${pattern}\n`)
    },
    at: async (command) => {
      for (let waited = 0; waited < 40_000; waited += 20) {
        if (existsSync(`${gate(command)}.at`)) return
        await sleep(20)
      }
      throw new Error(`${host.name}: no ${command} came to its gate`)
    },
    open: () => rmSync(`/proc/${host.pid}/root/run/gate`, { recursive: true, force: true }),
    lose: async (chain, probability = 1) => {
      lost.push([chain, probability])
      await table('-A')(chain, probability)
    },
    find: async () => {
      for (const [chain, probability] of lost.splice(0)) await table('-D')(chain, probability)
    },
  }
}
