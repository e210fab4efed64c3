import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Lab } from '../../lab/lab.js'
import { nobody, ports } from './agreed.js'
import { playbook, record } from './recording.js'

/** A fleet that one process plays, the program that is measured, and the network that both are in. */
export interface Simulation {
  readonly lab: Lab
  /** The built program. */
  readonly program: string
  /** Makes a project over so many hosts. `mixed`: 5 % pending, 1 % slow, 1 % unreachable; else all are in sync. `hashed`: a known_hosts of hashed names. */
  project(hosts: number, options?: { readonly mixed?: boolean; readonly hashed?: boolean }): string
  stop(): Promise<void>
}

const root = join(import.meta.dirname, '../../..')

/** Records a real host, starts the servers that answer as it did, and builds the program into a folder of its own. */
export async function startSimulation(): Promise<Simulation> {
  const { lab, recording } = await record()
  try {
    writeFileSync(join(lab.dir, 'recording.json'), JSON.stringify(recording))
    const program = build(lab.dir)
    const server = await serve(lab)
    return {
      lab,
      program,
      project: (hosts, options = {}) => makeProject(lab, hosts, options),
      stop: async () => {
        server.stdin?.end()
        await lab.stop()
      },
    }
  } catch (error) {
    await lab.stop()
    throw error
  }
}

/** The package as it is built, beside nothing of another build. */
function build(dir: string): string {
  const target = join(dir, 'package')
  mkdirSync(target)
  for (const part of ['package.json', 'playbooks', 'schemas']) cpSync(join(root, part), join(target, part), { recursive: true })
  execFileSync(process.execPath, [join(root, 'src/bundle.mjs'), join(target, 'dist')], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return join(target, 'dist/cli.cjs')
}

function serve({ dir, pid }: Lab): Promise<ChildProcess> {
  const script = join(import.meta.dirname, 'server.ts')
  const argv = ['--import', import.meta.resolve('tsx'), script, join(dir, 'host_key'), join(dir, 'recording.json')]
  const server = spawn('nsenter', [`--net=/proc/${pid}/ns/net`, process.execPath, ...argv], { stdio: ['pipe', 'pipe', 'inherit'] })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('exit', (code) => reject(new Error(`the simulated fleet ended with ${code}`)))
    server.stdout!.once('data', () => resolve(server))
  })
}

/** One address of the loopback network for each host: names, addresses and known keys are as many as the hosts, the daemon is one. */
function makeProject({ dir }: Lab, count: number, { mixed = false, hashed = false }: { mixed?: boolean; hashed?: boolean }): string {
  const folder = mkdtempSync(join(dir, `fleet-${count}-`))
  const hosts = Array.from({ length: count }, (_, at) => {
    const address = `127.${1 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}`
    return { name: `web${String(at + 1).padStart(5, '0')}`, address, port: mixed ? portOf(at) : ports.inSync }
  })
  const vars = { ansible_user: 'root', ansible_ssh_private_key_file: join(dir, 'id_ed25519') }
  const named = Object.fromEntries(hosts.map(({ name, address, port }) => [name, { ansible_host: address, ansible_port: port }]))
  const web = { hosts: Object.fromEntries(hosts.map(({ name }) => [name, null])) }
  mkdirSync(join(folder, 'playbooks'))
  writeFileSync(join(folder, 'inventory.yaml'), stringify({ all: { vars, hosts: named, children: { web } } }))
  writeFileSync(join(folder, 'playbooks/fleet.yaml'), stringify(playbook))
  const [type, key] = readFileSync(join(dir, 'host_key.pub'), 'utf8').split(' ')
  writeFileSync(join(folder, 'known_hosts'), hosts.map(({ address, port }) => `[${address}]:${port} ${type} ${key}\n`).join(''))
  if (hashed) execFileSync('ssh-keygen', ['-H', '-f', join(folder, 'known_hosts')], { stdio: 'ignore' })
  return folder
}

const portOf = (at: number): number => {
  if (at % 100 < 5) return ports.pending
  return at % 100 === 50 ? ports.slow : at % 100 === 99 ? nobody : ports.inSync
}
