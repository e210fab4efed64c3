import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { must } from './capture.js'
import type { Keeper } from './keeper.js'
import { type KindFacts, kinds } from './kinds.js'
import { netfilterPersistent } from './needs.js'
import type { HostSpec } from './spec.js'
import { variantOf } from './variant.js'

const trees = join(import.meta.dirname, 'kinds')
const commands = ['iptables', 'iptables-save', 'iptables-restore', 'ip6tables', 'ip6tables-save', 'ip6tables-restore']

/** Makes the read-only layers that a host's root is laid over, and gives them as overlayfs' lowerdir wants them, without the machine's root. */
export const makeLayer = async (keeper: Keeper, name: string, spec: HostSpec): Promise<string> => {
  const kind = kinds[spec.kind]
  const layer = join(keeper.dir, 'hosts', `${name}.layer`)
  const hidden = join(keeper.dir, 'hosts', `${name}.hidden`)
  await must(['nsenter', `--mount=/proc/${keeper.pid}/ns/mnt`, 'sh', '-eu', '-c', await script(kind, spec, layer, hidden)])
  const write = (path: string, text: string, mode: number): void => {
    const file = keeper.inside(layer + path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    chmodSync(file, mode)
  }
  write('/root/.ssh/authorized_keys', readFileSync(join(keeper.dir, 'id_ed25519.pub'), 'utf8'), 0o600)
  write('/etc/ssh/ssh_host_ed25519_key', readFileSync(join(keeper.dir, 'host_key'), 'utf8'), 0o600)
  write('/etc/ssh/ssh_host_ed25519_key.pub', readFileSync(join(keeper.dir, 'host_key.pub'), 'utf8'), 0o644)
  write('/etc/passwd', passwd(spec.rootShell ?? kind.rootShell), 0o644)
  if (spec.script) write(firewallScript, variantOf(readFileSync(join(trees, 'appliance', firewallScript), 'utf8'), spec.script), 0o755)
  for (const [path, text] of Object.entries(spec.files ?? {})) write(path, text, /^#!/.test(text) ? 0o755 : 0o644)
  return `${layer}:${hidden}`
}

const firewallScript = '/usr/iwss/iwsvafw.sh'

const passwd = (shell: string): string => readFileSync('/etc/passwd', 'utf8').replace(/^(root:.*:)[^:]*$/m, `$1${shell}`)

const script = async (kind: KindFacts, spec: HostSpec, layer: string, hidden: string): Promise<string> => {
  const backend = spec.backend ?? kind.backend
  const asked = [...new Set([...kind.hide, ...(spec.hide ?? [])])]
  const hide = asked.filter((path) => !asked.some((above) => path.startsWith(`${above}/`)))
  const folders = (paths: readonly string[], below: string): string => `mkdir -p ${paths.map((path) => below + dirname(path)).join(' ')}`
  return [
    'umask 022',
    `mkdir -p ${layer} ${layer}/etc/alternatives`,
    ...kind.trees.map((tree) => `cp -a --no-preserve=ownership ${join(trees, tree)}/. ${layer}/`),
    ...(kind.netfilterPersistent ? [`cp -a --no-preserve=ownership ${await netfilterPersistent()}/. ${layer}/`] : []),
    `chmod 755 ${layer} ${layer}/etc ${layer}/usr`,
    `chmod 700 ${layer}/root`,
    ...Object.entries(kind.modes).map(([path, mode]) => `chmod ${mode} ${layer}${path}`),
    ...commands.map((command) => `ln -s /usr/sbin/${command.replace('tables', `tables-${backend}`)} ${layer}/etc/alternatives/${command}`),
    folders(hide, hidden),
    // overlayfs takes a character device 0:0 for "not there"
    ...hide.map((path) => `mknod ${hidden}${path} c 0 0`),
  ].join('\n')
}
