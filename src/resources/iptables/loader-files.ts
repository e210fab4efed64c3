import type { Init } from '../../types.js'

/** Where our own loader lives, on hosts where nobody loads rules at boot. */
export const rulesPath = '/etc/holdfast/rules'
/** Our own loader, where nobody else would load the rules at boot. */
export const loaderPath = '/etc/holdfast/load-rules'

/** A file (or the link that enables it) that makes the loader run at boot. */
export interface LoaderFile {
  readonly path: string
  readonly text: string
  readonly mode: string
  readonly link?: true
}

/** The loader's script and what starts it under that init: after modules are loaded, before the network is up. */
export function loaderFiles(init: Init): readonly LoaderFile[] {
  const script: LoaderFile = { path: loaderPath, text: loaderScript, mode: '0755' }
  if (init === 'openrc')
    return [
      script,
      { path: '/etc/init.d/holdfast-iptables', text: openrcScript, mode: '0755' },
      { path: '/etc/runlevels/boot/holdfast-iptables', text: '/etc/init.d/holdfast-iptables', mode: '0777', link: true },
    ]
  if (init === 'sysv' || init === 'upstart')
    return [
      script,
      { path: '/etc/init.d/holdfast-iptables', text: sysvScript, mode: '0755' },
      ...['2', '3', '4', '5'].map((level): LoaderFile => {
        const folder = init === 'upstart' ? '/etc/rc.d' : '/etc'
        return { path: `${folder}/rc${level}.d/S09holdfast-iptables`, text: '/etc/init.d/holdfast-iptables', mode: '0777', link: true }
      }),
    ]
  const unit = '/etc/systemd/system/holdfast-iptables.service'
  return [
    script,
    { path: unit, text: systemdUnit, mode: '0644' },
    { path: '/etc/systemd/system/multi-user.target.wants/holdfast-iptables.service', text: unit, mode: '0777', link: true },
  ]
}

const systemdUnit = `# Kept by holdfast: nobody else loads iptables rules on this host at boot.
[Unit]
Description=holdfast's own iptables rules
DefaultDependencies=no
Wants=network-pre.target
After=local-fs.target systemd-modules-load.service
Before=network-pre.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh ${loaderPath}

[Install]
WantedBy=multi-user.target
`

const sysvScript = `#!/bin/sh
# chkconfig: 2345 09 91
# description: holdfast's own iptables rules
### BEGIN INIT INFO
# Provides: holdfast-iptables
# Required-Start: $local_fs
# Required-Stop:
# Default-Start: 2 3 4 5
# Default-Stop:
# Short-Description: holdfast's own iptables rules
### END INIT INFO
case $1 in start|restart) exec /bin/sh ${loaderPath};; esac
`

const openrcScript = `#!/sbin/openrc-run
description="holdfast's own iptables rules"
depend() { need localmount; after modules sysctl; before net; }
start() { ebegin "Loading holdfast's iptables rules"; /bin/sh ${loaderPath}; eend $?; }
`

/** Each row of the rules file is put in place against what stands when it runs; a rule that is there already is left alone. */
const loaderScript = `#!/bin/sh
# Kept by holdfast. Loads the rows of ${rulesPath}: own rules only, with --noflush, each place worked out against what stands now.
PATH=/usr/sbin:/usr/bin:/sbin:/bin; LC_ALL=C; export PATH LC_ALL
tab=$(printf '\\t')
load() { printf '*%s\\n%s\\nCOMMIT\\n' "$2" "$3" | "$1-restore" --noflush; }
status=0
while IFS="$tab" read -r kind family table chain id place line anchors; do
  [ "$line" != - ] || line=
  case $family in ipv6) tool=ip6tables;; *) tool=iptables;; esac
  case $kind in
    C) load $tool "$table" ":$chain - [0:0]" || status=1;;
    F) load $tool "$table" "-F $chain" || status=1;;
    L) load $tool "$table" "-A $chain $line" || status=1;;
    P) load $tool "$table" ":$chain $line [0:0]" || status=1;;
    R)
      command=$("$tool-save" -t "$table" 2>/dev/null | chain="$chain" line="$line" place="$place" anchors="$anchors" awk '
        BEGIN { head = "-A " ENVIRON["chain"] " "; n = split(ENVIRON["anchors"], anchor, "\\t"); place = ENVIRON["place"] }
        index($0, head) == 1 { l[++c] = substr($0, length(head) + 1); if (l[c] == ENVIRON["line"]) there = 1 }
        function own(text) { return text ~ / --comment "?holdfast:/ }
        function bare(text) { sub(/ -m comment --comment "?holdfast:[A-Za-z0-9._-]+"?/, "", text); sub(/^-m comment --comment "?holdfast:[A-Za-z0-9._-]+"? /, "", text); return text }
        function find(a,   i) {
          for (i = 1; i <= c; i++) {
            if (a ~ /^id:/) { if (l[i] ~ (" --comment \\"?holdfast:" substr(a, 4) "\\"?( |$)")) return i }
            else if (bare(l[i]) == a) return i
          }
          return 0
        }
        END {
          if (there) exit
          at = 0
          if (place == "first") at = 1
          if (place == "after" || place == "before") for (i = 1; i <= n && !at; i++) if (k = find(anchor[i])) at = place == "after" ? k + 1 : k
          if (at && place != "before") while (at <= c && own(l[at])) at++
          if (at) print "-I " ENVIRON["chain"] " " at " " ENVIRON["line"]; else print "-A " ENVIRON["chain"] " " ENVIRON["line"]
        }')
      [ -z "$command" ] || load $tool "$table" "$command" || status=1;;
  esac
done < ${rulesPath}
exit $status
`
