import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { must } from './capture.js'

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'holdfast-lab')

/** Debian's netfilter-persistent as a tree of files, unpacked and not installed: installed it would load rules into this machine. */
export const netfilterPersistent = async (): Promise<string> => {
  const tree = join(cache, 'netfilter-persistent')
  if (existsSync(tree)) return tree
  const making = `${tree}.${process.pid}`
  mkdirSync(making, { recursive: true })
  try {
    await must(['sh', '-eu', '-c', unpack], { cwd: making })
  } catch (error) {
    throw new Error(`Debian's netfilter-persistent and iptables-persistent are needed (apt-get download): ${String(error)}`)
  }
  try {
    renameSync(join(making, 'tree'), tree)
  } catch (error) {
    if (!existsSync(tree)) throw error // another lab was quicker
  }
  rmSync(making, { recursive: true, force: true })
  return tree
}

const unpack = `
apt-get download netfilter-persistent iptables-persistent >&2
for package in *.deb; do dpkg -x "$package" all; done
mkdir -p tree/etc/default tree/usr/sbin tree/usr/share tree/usr/lib/systemd
cp -a all/etc/default/netfilter-persistent tree/etc/default/
cp -a all/usr/sbin/netfilter-persistent tree/usr/sbin/
cp -a all/usr/share/netfilter-persistent tree/usr/share/
for from in all/lib/systemd/system all/usr/lib/systemd/system; do [ ! -d "$from" ] || cp -a "$from" tree/usr/lib/systemd/; done
`
