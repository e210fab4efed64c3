import type { Family, HostWant, Seen } from '../../types.js'

/** Who puts a family's rules in place at the next boot, and why that is believed. */
export type BootHolder =
  | { readonly kind: 'save-file'; readonly path: string; readonly service: string; readonly because: string }
  | { readonly kind: 'script'; readonly path: string; readonly because: string }
  | { readonly kind: 'loader'; readonly because: string }
  | { readonly kind: 'none'; readonly because: string }
  /** Somebody does, but from where is not known. */
  | { readonly kind: 'unknown'; readonly because: string }

interface Service {
  readonly name: string
  readonly paths: Readonly<Record<Family, string>>
  readonly inits: readonly string[]
}

/** The services that load rules at boot, each with the files it reads. netfilter-persistent 1.0.20, iptables-services (EL6..9), Alpine 3. */
const services: Readonly<Record<Family, readonly Service[]>> = (() => {
  const debian = {
    name: 'netfilter-persistent',
    paths: { ipv4: '/etc/iptables/rules.v4', ipv6: '/etc/iptables/rules.v6' },
    inits: ['systemd', 'sysv'],
  }
  const redhat = (name: string) => ({
    name,
    paths: { ipv4: '/etc/sysconfig/iptables', ipv6: '/etc/sysconfig/ip6tables' },
    inits: ['systemd', 'upstart', 'sysv', 'unknown'],
  })
  const alpine = (name: string) => ({
    name,
    paths: { ipv4: '/etc/iptables/rules-save', ipv6: '/etc/iptables/rules6-save' },
    inits: ['openrc'],
  })
  return {
    ipv4: [debian, redhat('iptables'), alpine('iptables')],
    ipv6: [debian, redhat('ip6tables'), alpine('ip6tables')],
  }
})()

/** Told by what is enabled, never by which files lie about; a profile's script comes before all. */
export function bootHolder(host: HostWant, seen: Seen, family: Family): BootHolder {
  const script = host.profile?.iptables?.script
  if (script !== undefined) return { kind: 'script', path: script, because: `profile ${host.profile?.name}` }
  const { init, initBecause, enabled } = seen.facts
  const service = services[family].find((one) => one.inits.includes(init) && enabled.includes(one.name))
  if (service !== undefined && isVendors(seen, service.name)) {
    const because = `/etc/init.d/${service.name} is enabled (${init}: ${initBecause}) but reads no ${service.paths[family]}`
    if (host.bootLoader === 'none') return { kind: 'none', because }
    return {
      kind: 'unknown',
      because: `${because}, so what it loads at boot is not known: name the product's profile, or say boot_loader: none`,
    }
  }
  if (service !== undefined)
    return {
      kind: 'save-file',
      path: configuredPath(seen, service, family),
      service: service.name,
      because: `${service.name} is enabled (${init}: ${initBecause})`,
    }
  const nobody = `no service that loads ${family} rules is enabled (${init}: ${initBecause})`
  return host.bootLoader === 'none' ? { kind: 'none', because: nobody } : { kind: 'loader', because: nobody }
}

/** A product may bring a service of that name of its own: IWSVA's runs its firewall script. Red Hat's names /etc/sysconfig. */
function isVendors(seen: Seen, name: string): boolean {
  if (!['upstart', 'sysv', 'unknown'].includes(seen.facts.init)) return false
  return seen.sections.find((section) => section.kind === 'initscript' && section.name === name)?.body.trim() === '0'
}

/** Alpine's /etc/conf.d/iptables may name another file: `IPTABLES_SAVE="/etc/iptables/rules-save"`. */
function configuredPath(seen: Seen, service: Service, family: Family): string {
  if (!service.inits.includes('openrc')) return service.paths[family]
  const name = family === 'ipv4' ? 'IPTABLES_SAVE' : 'IP6TABLES_SAVE'
  const file = family === 'ipv4' ? '/etc/conf.d/iptables' : '/etc/conf.d/ip6tables'
  const text = seen.sections.find((section) => section.kind === 'file' && section.name === file)?.body ?? ''
  return new RegExp(`^\\s*${name}=["']?([^"'\\s]+)`, 'm').exec(text)?.[1] ?? service.paths[family]
}
