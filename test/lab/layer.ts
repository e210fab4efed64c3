import { chmodSync, linkSync, mkdirSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { must } from './capture.js'
import type { Keeper } from './keeper.js'
import { type KindFacts, kinds } from './kinds.js'
import { netfilterPersistent } from './needs.js'
import type { HostSpec } from './spec.js'
import { writeUsers } from './users.js'
import { variantOf } from './variant.js'

const trees = join(import.meta.dirname, 'kinds')
const firewallScript = '/usr/iwss/iwsvafw.sh'

/** Makes the read-only layers that a host's root is laid over, and gives them as overlayfs' lowerdir wants them, without the machine's root. */
export const makeLayer = async (keeper: Keeper, name: string, spec: HostSpec): Promise<string> => {
  const kind = kinds[spec.kind]
  const layer = join(keeper.dir, 'hosts', `${name}.layer`)
  const hidden = join(keeper.dir, 'hosts', `${name}.hidden`)
  const debian = kind.netfilterPersistent ? [await netfilterPersistent()] : []
  const sources = [...kind.trees.map((tree) => join(trees, tree)), ...debian]
  await must(['nsenter', '-t', String(keeper.pid), '-m', '-p', 'sh', '-eu', '-c', copyTrees, layer, hidden, ...sources])
  link(keeper.inside(layer), { ...alternatives(spec.backend ?? kind.backend), ...applets(kind), ...kind.links, ...spec.links })
  // An old appliance has no nft, but one that is asked for with that back end.
  const without = spec.backend === 'nft' ? kind.hide.filter((path) => path !== '/usr/sbin/xtables-nft-multi') : kind.hide
  hide(keeper.inside(hidden), [...without, ...(spec.hide ?? [])])
  await writeFiles(keeper, keeper.inside(layer), kind, spec)
  return `${layer}:${hidden}`
}

// git keeps neither modes nor empty folders; overlayfs takes a character device 0:0 for "not there"
const copyTrees = `
umask 022
layer=$0 hidden=$1
shift
mkdir -p "$layer/usr" "$layer/root/.ssh" "$layer/etc/alternatives" "$layer/etc/sysctl.d" "$layer/etc/sudoers.d" "$hidden"
for tree; do cp -a --no-preserve=ownership "$tree/." "$layer/"; done
chmod 755 "$layer" "$layer/etc" "$layer/usr"
chmod 700 "$layer/root" "$layer/root/.ssh"
mknod "$hidden/.none" c 0 0
`

const commands = ['iptables', 'iptables-save', 'iptables-restore', 'ip6tables', 'ip6tables-save', 'ip6tables-restore']

const alternatives = (backend: string): Readonly<Record<string, string>> =>
  Object.fromEntries(commands.map((name) => [`/etc/alternatives/${name}`, `/usr/sbin/${name.replace('tables', `tables-${backend}`)}`]))

const applets = (kind: KindFacts): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(kind.busybox ?? {}).flatMap(([folder, names]) => names.split(' ').map((name) => [`${folder}/${name}`, '/bin/busybox'])),
  )

const link = (root: string, links: Readonly<Record<string, string>>): void => {
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(root + path), { recursive: true })
    symlinkSync(target, root + path)
  }
}

const hide = (root: string, paths: readonly string[]): void => {
  const asked = new Set(paths)
  for (const path of asked) {
    if ([...asked].some((above) => path.startsWith(`${above}/`))) continue
    mkdirSync(dirname(root + path), { recursive: true })
    linkSync(join(root, '.none'), root + path)
  }
  unlinkSync(join(root, '.none'))
}

const writeFiles = async (keeper: Keeper, root: string, kind: KindFacts, spec: HostSpec): Promise<void> => {
  const write = (path: string, text: string, mode: number): void => {
    mkdirSync(dirname(root + path), { recursive: true })
    writeFileSync(root + path, text)
    chmodSync(root + path, mode)
  }
  const key = (name: string): string => readFileSync(join(keeper.dir, name), 'utf8')
  for (const folder of kind.folders) mkdirSync(root + folder, { recursive: true })
  for (const [path, mode] of Object.entries(kind.modes)) chmodSync(root + path, mode)
  write('/root/.ssh/authorized_keys', key('id_ed25519.pub'), 0o600)
  write('/etc/ssh/ssh_host_ed25519_key', key('host_key'), 0o600)
  write('/etc/ssh/ssh_host_ed25519_key.pub', key('host_key.pub'), 0o644)
  await writeUsers(root, spec.rootShell ?? kind.rootShell, spec.users ?? [])
  if (spec.script) write(firewallScript, variantOf(readFileSync(join(trees, 'appliance', firewallScript), 'utf8'), spec.script), 0o755)
  for (const [path, text] of Object.entries(spec.files ?? {})) write(path, text, text.startsWith('#!') ? 0o755 : 0o644)
}
