import { quote } from '../quote.js'
import { asFunction, prelude } from './prelude.js'

/** Where others than the boot readers keep kernel values and rules; read only on a host where something is contested. */
const places = [
  '/etc/ufw/sysctl.conf',
  '/etc/tuned/*/tuned.conf',
  '/usr/lib/tuned/*/tuned.conf',
  '/usr/lib/tuned/profiles/*/tuned.conf',
  '/etc/NetworkManager/dispatcher.d/*',
  '/etc/NetworkManager/conf.d/*',
  '/etc/network/interfaces',
  '/etc/network/if-*.d/*',
  '/etc/systemd/network/*',
  '/etc/rc.local',
  '/etc/rc.d/rc.local',
  '/etc/sysctl.conf',
  '/etc/sysctl.d/*',
  '/usr/lib/sysctl.d/*',
  '/usr/local/sbin/*',
  '/usr/local/bin/*',
]
const cron = ['/etc/crontab', '/etc/cron.d/*', '/etc/cron.*ly/*', '/var/spool/cron/*', '/var/spool/cron/crontabs/*', '/etc/crontabs/*']

/** Services that set kernel values or rules by themselves, as /proc/PID/comm spells them. */
const services = ['tuned', 'NetworkManager', 'firewalld', 'kube-proxy', 'kubelet', 'dockerd', 'fail2ban-server', 'puppet', 'chef-client']

/**
 * Prints who else may hold what is contested: `rival file` has `PATH:LINE:text` of files that hold one of the words, also of scripts that
 * cron runs; `rival service` the names of services that run; `rival profile` tuned's active profile. `words` are matched as they stand.
 */
export function rivalScript(words: readonly string[], mark: string): string {
  const patterns = words.map((word) => `-e ${quote(word)}`).join(' ')
  return asFunction(
    [
      prelude(mark),
      `hf_s rival file
{
  grep -HnsIF ${patterns} ${[...places, ...cron].join(' ')}
  grep -hsoE '/[A-Za-z0-9_./-]+' ${cron.join(' ')} | sort -u | while IFS= read -r hf_x; do
    case $hf_x in /dev/*|/proc/*|/bin/*|/usr/bin/*|/usr/local/*) continue;; esac
    [ ! -f "$hf_x" ] || grep -HnsIF ${patterns} "$hf_x"
  done
} | head -n 50
hf_s rival service
cat /proc/[0-9]*/comm 2>/dev/null | sort -u | grep -xE '${services.join('|')}'
grep -qs '^ENABLED=yes' /etc/ufw/ufw.conf && echo ufw
hf_s rival profile
head -n 1 /etc/tuned/active_profile 2>/dev/null
hf_s end`,
    ].join('\n'),
  )
}
