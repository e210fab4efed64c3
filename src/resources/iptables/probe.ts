import { quote } from '../../quote.js'
import type { Family, HostWant } from '../../types.js'
import { loaderFiles, rulesPath } from './loader-files.js'
import { liveScript, othersScript } from './probe-live.js'
import { alike, extensionsScript, familyScript, spellLibrary } from './probe-spell.js'
import { numberRequests } from './requests.js'
import type { IptablesWant } from './want.js'

/**
 * sh that prints the live rules of both back ends, the boot files, who else filters here, and the wanted and the boot rules as this
 * host's own iptables spells them in a throw-away network namespace. Nothing on the host changes, not even its loaded modules.
 */
export function probe(want: IptablesWant, host: HostWant): string {
  const { requests } = numberRequests(want)
  const spelling = [
    extensionsScript(requests, want.chains),
    ...(['ipv4', 'ipv6'] as const).map((family) => whereConcerned(family, want, host, familyScript(family, requests, want.chains, host))),
  ]
  return [
    liveScript,
    othersScript,
    spellLibrary,
    `hf_iptables_spell() {\n${spelling.join('\n')}\n}`,
    alike(requests),
    bootFilesScript,
    host.profile?.iptables === undefined ? '' : `hf_n ${quote(host.profile.iptables.script)}`,
  ].join('\n')
}

/** Whether anything wanted stands in that family. */
export function usesFamily(want: IptablesWant, family: Family): boolean {
  return [...want.rules, ...want.absent, ...want.chains].some((item) => item.family === family)
}

/** A family that nothing is wanted of is read only where an earlier run has left something, which may have to go. */
function whereConcerned(family: Family, want: IptablesWant, host: HostWant, script: string): string {
  if (usesFamily(want, family) || host.prune) return script
  return `if [ -f /var/lib/holdfast/record.json ] && grep -q '"${family} ' /var/lib/holdfast/record.json 2>/dev/null; then\n${script}\nfi`
}

const loaderPaths = [
  ...new Set((['systemd', 'openrc', 'sysv', 'upstart'] as const).flatMap((init) => loaderFiles(init).map((file) => file.path))),
]

/** The files that some init's firewall service reads, with their settings; and whether an init script of that name is Red Hat's own. */
const bootFilesScript = `hf_n /etc/iptables/rules.v4 /etc/iptables/rules.v6 /etc/default/netfilter-persistent /etc/sysconfig/iptables /etc/sysconfig/ip6tables \\
  /etc/sysconfig/iptables-config /etc/iptables/rules-save /etc/iptables/rules6-save /etc/conf.d/iptables /etc/conf.d/ip6tables \\
  ${rulesPath} ${loaderPaths.join(' ')}
for hf_k in iptables ip6tables; do
  if [ -f /etc/init.d/$hf_k ]; then hf_s initscript $hf_k; grep -c sysconfig /etc/init.d/$hf_k; fi
done`
