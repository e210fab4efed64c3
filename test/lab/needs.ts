import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { must } from './capture.js'

// Debian package -> a file of it that the lab runs
const needs: Readonly<Record<string, string>> = {
  'ansible-core': '/usr/bin/ansible-inventory',
  'busybox-static': '/usr/bin/busybox',
  bash: '/usr/bin/bash',
  'bash-completion': '/usr/share/bash-completion/bash_completion',
  conntrack: '/usr/sbin/conntrack',
  dash: '/usr/bin/dash',
  fish: '/usr/bin/fish',
  ipset: '/usr/sbin/ipset',
  iproute2: '/usr/bin/ip',
  iptables: '/usr/sbin/iptables-legacy',
  kmod: '/usr/bin/kmod',
  mandoc: '/usr/bin/mandoc',
  nftables: '/usr/sbin/nft',
  'openssh-client': '/usr/bin/ssh-keygen',
  'openssh-server': '/usr/sbin/sshd',
  openssl: '/usr/bin/openssl',
  procps: '/usr/sbin/sysctl',
  parallel: '/usr/bin/parallel',
  'python3-yaml': '/usr/lib/python3/dist-packages/yaml/__init__.py',
  python3: '/usr/bin/python3',
  sudo: '/usr/bin/sudo',
  systemd: '/usr/lib/systemd/systemd-sysctl',
  'util-linux': '/usr/bin/nsenter',
  zsh: '/usr/bin/zsh',
}
// busybox-static's path before Debian 13, ip's on a machine that has only the real one
const elsewhere: Readonly<Record<string, string>> = { 'busybox-static': '/bin/busybox', iproute2: '/usr/sbin/ip', procps: '/sbin/sysctl' }

/** Installs the Debian packages that the lab runs, as far as they are missing; starts and enables nothing. Throws one sentence where it cannot. */
export const ensureNeeds = async (): Promise<void> => {
  if (process.getuid?.() !== 0)
    throw new Error('its hosts are network namespaces: run it as root (the unit tests need none: npm run test:unit)')
  const missing = Object.keys(needs).filter((name) => !existsSync(needs[name]!) && !existsSync(elsewhere[name] ?? needs[name]!))
  if (missing.length === 0) return
  const how = `the lab needs these Debian packages: apt-get install ${missing.join(' ')}`
  if (!existsSync('/usr/bin/apt-get')) throw new Error(how)
  try {
    await install(missing)
  } catch (error) {
    throw new Error(`${how} (${String(error)})`)
  }
}

const guard = '/usr/sbin/policy-rc.d'

const install = async (packages: readonly string[]): Promise<void> => {
  const guarded = existsSync(guard)
  if (!guarded) writeFileSync(guard, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = ['apt-get', '-q', '-y', '-o', 'DPkg::Lock::Timeout=300']
  try {
    await must([...apt, 'update'], { env })
    await must([...apt, 'install', '--no-install-recommends', ...packages], { env })
    // Its installation enables it.
    if (packages.includes('openssh-server')) await must(['systemctl', 'disable', 'ssh.service'], { env: { ...env, SYSTEMD_OFFLINE: '1' } })
  } finally {
    if (!guarded) rmSync(guard, { force: true })
  }
}

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'holdfast-lab')

// Packages unpacked once and not installed: `script` makes a folder `tree` in an empty one.
const unpacked = async (name: string, script: string, complaint: string): Promise<string> => {
  const tree = join(cache, name)
  if (existsSync(tree)) return tree
  const making = `${tree}.${process.pid}`
  mkdirSync(making, { recursive: true })
  try {
    await must(['sh', '-eu', '-c', script], { cwd: making })
  } catch (error) {
    rmSync(making, { recursive: true, force: true })
    throw new Error(`${complaint}: ${String(error).trim().split('\n').at(-1)}`)
  }
  try {
    renameSync(join(making, 'tree'), tree)
  } catch (error) {
    if (!existsSync(tree)) throw error // another lab was quicker
  }
  rmSync(making, { recursive: true, force: true })
  return tree
}

/** Debian's netfilter-persistent as a tree of files, unpacked and not installed: installed it would load rules into this machine. */
export const netfilterPersistent = (): Promise<string> =>
  unpacked('netfilter-persistent', unpack, 'a web host needs netfilter-persistent and iptables-persistent from apt-get download')

const unpack = `
download() { apt-get -q download netfilter-persistent iptables-persistent >&2; }
download || { apt-get -q update >&2; download; }
for package in *.deb; do dpkg -x "$package" all; done
mkdir -p tree/etc/default tree/usr/sbin tree/usr/share tree/usr/lib/systemd
cp -a all/etc/default/netfilter-persistent tree/etc/default/
cp -a all/usr/sbin/netfilter-persistent tree/usr/sbin/
cp -a all/usr/share/netfilter-persistent tree/usr/share/
for from in all/lib/systemd/system all/usr/lib/systemd/system; do [ ! -d "$from" ] || cp -a "$from" tree/usr/lib/systemd/; done
`

/** The modules of ansible.posix and community.general as a folder for ANSIBLE_COLLECTIONS_PATH, unpacked from Debian's package and not installed. */
export const ansibleCollections = (): Promise<string> =>
  unpacked(
    'ansible-collections',
    unpackCollections,
    'the modules of ansible.posix and community.general come from apt-get download ansible',
  )

const unpackCollections = `
download() { apt-get -q download ansible >&2; }
download || { apt-get -q update >&2; download; }
at=./usr/lib/python3/dist-packages/ansible_collections
dpkg --fsys-tarfile ansible_*.deb | tar -x "$at/ansible/posix" "$at/community/general"
mkdir tree
mv usr/lib/python3/dist-packages/ansible_collections tree/ansible_collections
`

/** Debian's mitogen for Ansible as a folder for PYTHONPATH, unpacked and not installed. */
export const mitogen = (): Promise<string> =>
  unpacked('mitogen', unpackMitogen, 'the faster strategy of Ansible comes from apt-get download ansible-mitogen python3-mitogen')

const unpackMitogen = `
download() { apt-get -q download ansible-mitogen python3-mitogen >&2; }
download || { apt-get -q update >&2; download; }
for package in *.deb; do dpkg -x "$package" all; done
mv all/usr/lib/python3/dist-packages tree
`
