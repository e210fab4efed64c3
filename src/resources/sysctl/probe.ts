import { quote } from '../../quote.js'
import type { HostWant } from '../../types.js'
import { measuredDefaults, moduleOf, movedBy } from './keys.js'
import { modulesPath } from './modules.js'
import type { SysctlWant } from './want.js'

const dirs = ['/etc', '/run', '/usr/local/lib', '/usr/lib']

/**
 * sh that prints `value PATH` (mode, then the value), `default PATH` (in a fresh network namespace), `module NAME`, `siblings FOLDER` (of a missing
 * key), every file that a boot reader might read, and `boot` sections about the boot scripts. One fork for all values, one for all defaults, few per module and file.
 */
export function probeScript(want: SysctlWant, host: HostWant): string {
  const paths = want.keys.map((key) => key.path)
  const also = [...new Set(paths.flatMap(movedBy))].map(quoteGlob)
  const constants = paths.filter((path) => measuredDefaults.includes(path))
  const modules = [...new Set(paths.flatMap((path) => moduleOf(path) ?? []))]
  const only = host.profile?.sysctl?.file
  return [
    library,
    `set -- ${paths.map(quote).join(' ')}`,
    'hf_sysctl_own',
    `hf_sysctl_values "$@" $hf_sysctl_more ${also.join(' ')}`,
    `hf_sysctl_constants='${constants.join(' ')}'; hf_stills="$hf_stills hf_sysctl_defaults"`,
    ...modules.map(
      (name) =>
        `hf_sysctl_module ${quote(name)} ${paths
          .filter((path) => moduleOf(path) === name)
          .map(quote)
          .join(' ')}`,
    ),
    files,
    modules.length === 0 ? `hf_n ${modulesPath}` : `hf_n /etc/modules ${dirs.map((dir) => `${dir}/modules-load.d/*.conf`).join(' ')}`,
    ...(only === undefined ? [] : [`hf_n ${quote(only)}`]),
  ].join('\n')
}

/** Every name is quoted, so that only the wildcards of our own table are live. */
function quoteGlob(pattern: string): string {
  return pattern
    .split('*')
    .map((part) => (part === '' ? '' : quote(part)))
    .join('*')
}

const library = `hf_sysctl_own() { # the paths that our drop-in names: a removal needs their values too
  hf_sysctl_more=
  for hf_sysctl_f in /etc/sysctl.d/z*-holdfast.conf; do
    [ -f "$hf_sysctl_f" ] || continue
    while IFS= read -r hf_sysctl_l || [ -n "$hf_sysctl_l" ]; do
      hf_sysctl_k=\${hf_sysctl_l%%=*}; hf_sysctl_k=\${hf_sysctl_k% }
      case $hf_sysctl_k in *[!A-Za-z0-9_./-]*|''|*..*) continue;; esac
      case $hf_sysctl_k in */*) ;; *) while :; do case $hf_sysctl_k in *.*) hf_sysctl_k=\${hf_sysctl_k%%.*}/\${hf_sysctl_k#*.};; *) break;; esac; done;; esac
      case " $* $hf_sysctl_more " in *" /proc/sys/$hf_sysctl_k "*) ;; *) hf_sysctl_more="$hf_sysctl_more /proc/sys/$hf_sysctl_k";; esac
    done < "$hf_sysctl_f"
  done
}
hf_sysctl_read() { # KIND PATH...: dash reads byte by byte, and an integer key ends after the first: 0.5.12; so grep, once
  hf_sysctl_kind=$1; shift
  [ $# -gt 0 ] || return 0
  hf_sysctl_x=$(grep -H '' "$@" 2>/dev/null); hf_sysctl_last=; hf_sysctl_done=' '
  hf_ifs=$IFS; IFS='
'; set -f
  for hf_sysctl_l in $hf_sysctl_x; do
    IFS=$hf_ifs; hf_sysctl_p=\${hf_sysctl_l%%:*}
    if [ "$hf_sysctl_p" != "$hf_sysctl_last" ]; then
      hf_s "$hf_sysctl_kind" "$hf_sysctl_p"
      [ "$hf_sysctl_kind" = default ] || hf_sysctl_mode "$hf_sysctl_p"
      hf_sysctl_last=$hf_sysctl_p; hf_sysctl_done="$hf_sysctl_done$hf_sysctl_p "
    fi
    printf '%s\\n' "\${hf_sysctl_l#*:}"
  done
  set +f; IFS=$hf_ifs
  [ "$hf_sysctl_kind" != default ] || return 0
  for hf_sysctl_p in "$@"; do
    case $hf_sysctl_done in *" $hf_sysctl_p "*) ;; *) hf_s "$hf_sysctl_kind" "$hf_sysctl_p"; hf_sysctl_mode "$hf_sysctl_p";; esac
  done
}
hf_sysctl_mode() { # opened and not written: [ -w ] of busybox 1.35 says yes to root whatever the mode
  if { true >> "$1"; } 2>/dev/null; then printf 'rw\\n'; else printf 'ro\\n'; fi
}
hf_sysctl_values() {
  hf_sysctl_seen=' '; hf_sysctl_n=$#
  for hf_sysctl_p in "$@"; do
    case $hf_sysctl_seen in *" $hf_sysctl_p "*) continue;; esac
    hf_sysctl_seen="$hf_sysctl_seen$hf_sysctl_p "
    if [ ! -f "$hf_sysctl_p" ]; then
      case $hf_sysctl_p in *\\**) continue;; esac
      hf_s value "$hf_sysctl_p"; printf 'missing\\n'; hf_sysctl_siblings "\${hf_sysctl_p%/*}"
    elif { true < "$hf_sysctl_p"; } 2>/dev/null; then set -- "$@" "$hf_sysctl_p"
    else hf_s value "$hf_sysctl_p"; printf 'wo\\n'
    fi
  done
  shift $hf_sysctl_n
  hf_sysctl_read value "$@"
}
hf_sysctl_siblings() {
  hf_s siblings "$1"
  for hf_sysctl_p in "$1"/*; do [ ! -f "$hf_sysctl_p" ] || printf '%s\\n' "\${hf_sysctl_p##*/}"; done
}
hf_sysctl_defaults() { # before 4.15 some keys are not per namespace, and the fresh one would show the live value
  set -- $hf_sysctl_constants
  for hf_sysctl_p in $hf_sysctl_more; do
    case ' ${measuredDefaults.join(' ')} ' in *" $hf_sysctl_p "*) set -- "$@" "$hf_sysctl_p";; esac
  done
  [ $# -gt 0 ] && hf_have unshare || return 0
  unshare -n grep -H '' "$@" 2>/dev/null | {
    while IFS= read -r hf_sysctl_l; do hf_s default "\${hf_sysctl_l%%:*}"; printf '%s\\n' "\${hf_sysctl_l#*:}"; done
  }
}
hf_sysctl_module() { # NAME PATH...
  hf_s module "$1"
  if [ -e "/sys/module/$1/initstate" ]; then printf 'loaded\\n' # of those that were loaded only
  elif [ -d "/sys/module/$1" ] || [ -e "$2" ]; then printf 'builtin\\n'
  elif modprobe -n -q "$1" 2>/dev/null; then printf 'loadable\\n'
  else printf 'missing\\n'
  fi
}`

const files = `if [ -f /etc/rc.d/rc.sysinit ] || [ -f /etc/rc.sysinit ]; then hf_n /etc/sysctl.d/*; else hf_n /etc/sysctl.d/*.conf; fi
hf_n /etc/sysctl.conf /run/sysctl.d/*.conf /usr/local/lib/sysctl.d/*.conf /usr/lib/sysctl.d/*.conf
[ -h /lib ] || hf_n /lib/sysctl.d/*.conf
hf_n /etc/init.d/procps /etc/init.d/sysctl
hf_s boot directories
for hf_sysctl_p in /etc/sysctl.d; do [ ! -d "$hf_sysctl_p" ] || printf '%s\\n' "$hf_sysctl_p"; done
for hf_sysctl_p in /etc/rc.d/rc.sysinit /etc/rc.sysinit; do
  [ -f "$hf_sysctl_p" ] || continue
  hf_s boot rc.sysinit
  grep -ls 'sysctl\\.d' /etc/rc.d/rc.sysinit /etc/rc.sysinit /etc/rc.d/init.d/functions /etc/init.d/functions
  break
done
if [ -f /etc/init.d/sysctl ]; then hf_s boot sysctl; readlink -f "$(command -v sysctl)"; fi`
