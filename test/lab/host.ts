import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Captured, capture } from './capture.js'
import { firstLine, type Keeper, letGo } from './keeper.js'
import { type Kind, kinds } from './kinds.js'
import { bare, type Place } from './network.js'
import type { HostSpec } from './spec.js'

/** A host of the lab, up. */
export interface LabHost {
  readonly name: string
  readonly kind: Kind
  readonly spec: HostSpec
  readonly address: string
  readonly address6: string
  /** Its PID 1 (sshd) as the machine sees it; another one after a reboot. */
  readonly pid: number
  /** Runs a script as root on the host, without SSH, by its own /bin/sh. */
  sh(script: string, stdin?: string): Promise<Captured>
  /** As `sh`; rejects where the script fails, gives its stdout otherwise. */
  must(script: string, stdin?: string): Promise<string>
  /**
   * Ends the host and boots it again: files stay; values, rules, /run and /tmp go; its own boot readers run; the boot id is another.
   * A host that was wired behind this one has lost its cable: reboot it, too.
   */
  reboot(): Promise<void>
  /** As an upgrade package of the product does: its own files are replaced, /etc/sysctl.d is emptied, then a reboot. */
  upgrade(to: 'sp3' | 'sp3p1', options?: { readonly wipeVar?: boolean }): Promise<void>
  /** Ends the host as if its power were cut; `reboot` boots it again. */
  kill(): Promise<void>
  /** How many commands came by SSH since the host was made (`Starting session: command`). */
  execs(): number
  /** All that its boots and its sshd said. */
  log(): string
}

/** Where a host's cable goes. */
export interface Wiring extends Place {
  readonly gateway: string
  readonly gateway6: string
  readonly bridge: string
  /** Namespace of the bridge: the process that holds it. */
  peer(): number
  /** Name of the cable's other end, a new one for each boot. */
  port(boot: number): string
  /** Lines of `ip -batch`. */
  readonly ip: readonly string[]
  readonly forward: boolean
}

/** Makes a host's folder and boots it. `lower` = its read-only layers. */
export const bootHost = async (keeper: Keeper, spec: HostSpec, wiring: Wiring, lower: string): Promise<LabHost> => {
  const home = join(keeper.dir, 'hosts', spec.name)
  const log = keeper.inside(join(home, 'boot.log'))
  await capture(['mkdir', '-p', ...['upper/etc', 'work', 'root'].map((folder) => keeper.inside(join(home, folder)))])
  let boots = 0
  let running: { readonly pid: number; readonly ended: Promise<void> } | undefined

  const boot = async (): Promise<void> => {
    running = await launch(keeper, environment(spec, wiring, home, lower, boots++))
    await listening(log, boots, spec.name, running.ended)
  }
  const kill = async (): Promise<void> => {
    if (!running) return
    const { pid, ended } = running
    running = undefined
    process.kill(pid, 'SIGKILL')
    await ended
    // The kernel takes its time to end a namespace; the cable must be gone before the address is used anew.
    await capture(['nsenter', `--net=/proc/${wiring.peer()}/ns/net`, 'ip', 'link', 'delete', wiring.port(boots - 1)])
  }
  const sh = (script: string, stdin?: string): Promise<Captured> => {
    if (!running) throw new Error(`${spec.name} is down`)
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' }
    const enter = ['nsenter', '-t', String(running.pid), '-n', '-m', '-p', '-u', '-r', '-w', '/bin/sh', '-c', script]
    return capture(enter, stdin === undefined ? { env } : { env, stdin })
  }
  const mustSh = async (script: string, stdin?: string): Promise<string> => {
    const { code, stdout, stderr } = await sh(script, stdin)
    if (code !== 0) throw new Error(`${spec.name}: ${script}: ended with ${code}: ${stderr.trim()}`)
    return stdout
  }
  const reboot = async (): Promise<void> => {
    await kill()
    await boot()
  }

  await boot()
  return {
    name: spec.name,
    kind: spec.kind,
    spec,
    address: bare(wiring.address),
    address6: bare(wiring.address6),
    get pid() {
      if (!running) throw new Error(`${spec.name} is down`)
      return running.pid
    },
    sh,
    must: mustSh,
    reboot,
    upgrade: async (to, options = {}) => {
      if (spec.kind !== 'appliance') throw new Error(`${spec.name} is no appliance`)
      await mustSh(upgradeScript(options.wipeVar ?? false), await upgradeFiles(to))
      await reboot()
    },
    kill,
    execs: () => readFileSync(log, 'utf8').split('Starting session: command').length - 1,
    log: () => readFileSync(log, 'utf8'),
  }
}

const environment = (spec: HostSpec, wiring: Wiring, home: string, lower: string, boot: number): Record<string, string> => ({
  LAB_HOME: home,
  LAB_LOWER: lower,
  LAB_NAME: spec.name,
  LAB_MAC: wiring.mac,
  LAB_ADDRESS: wiring.address,
  LAB_ADDRESS6: wiring.address6,
  LAB_LOCAL6: wiring.local6,
  LAB_GATEWAY: wiring.gateway,
  LAB_GATEWAY6: wiring.gateway6,
  LAB_PEER: `/proc/${wiring.peer()}/ns/net`,
  LAB_PORT: wiring.port(boot),
  LAB_BRIDGE: wiring.bridge,
  LAB_IP: wiring.ip.join('\n'),
  LAB_INIT: kinds[spec.kind].init,
  LAB_FORWARD: wiring.forward ? '1' : '',
  LAB_OLD_KERNEL: spec.oldKernel ? '1' : '',
})

const launch = async (keeper: Keeper, lab: Record<string, string>): Promise<{ pid: number; ended: Promise<void> }> => {
  const script = join(import.meta.dirname, 'boot.sh')
  const enter = ['-t', String(keeper.pid), '-n', '-m', '-p', 'unshare', '-n', '-m', '-u', '-p', '--fork', '--kill-child', 'sh', script]
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...lab }
  const child = spawn('nsenter', enter, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env, cwd: '/' })
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  const pid = Number(await firstLine(child, `${lab.LAB_NAME} did not boot`))
  letGo(child)
  return { pid, ended }
}

const listening = async (log: string, boots: number, name: string, ended: Promise<void>): Promise<void> => {
  let gone = false
  void ended.then(() => {
    gone = true
  })
  for (let waited = 0; waited < 30_000; waited += 5) {
    await sleep(5)
    const said = textSoFar(log).split('boot: sshd\n')
    // One line for IPv4, one for IPv6 (where a boot file takes IPv6 away: "Bind to port 22 on :: failed").
    if (said.length > boots && (said[boots]!.match(/^(Server listening|error: Bind to port)/gm) ?? []).length >= 2) return
    if (gone) break
  }
  throw new Error(`${name} did not come up:\n${textSoFar(log).slice(-2000)}`)
}

/** On a busy machine the boot has not opened its log yet. */
const textSoFar = (log: string): string => (existsSync(log) ? readFileSync(log, 'utf8') : '')

const upgradeFiles = async (to: 'sp3' | 'sp3p1'): Promise<string> => {
  const trees = to === 'sp3' ? ['sp3'] : ['sp3', 'sp3p1']
  const folders = trees.flatMap((tree) => ['-C', join(import.meta.dirname, 'kinds', tree), '.'])
  return (await capture(['sh', '-c', 'tar -c --owner=0 --group=0 "$@" | base64', 'tar', ...folders])).stdout
}

const upgradeScript = (wipeVar: boolean): string => `set -eu
base64 -d | tar -x -C / --no-overwrite-dir
rm -rf /etc/sysctl.d/* ${wipeVar ? '/var/lib/holdfast' : ''}`
