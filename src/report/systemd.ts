/** What a unit is made of. */
export interface UnitOrder {
  /** The interpreter and the program, as absolute paths. */
  readonly program: readonly string[]
  readonly argv: readonly string[]
  /** Where the command line's own paths are relative to. */
  readonly folder: string
  /** The state folder: the only place that is written. */
  readonly state: string
  /** A timer runs it once at a time, instead of a service that stays. */
  readonly once: boolean
  /** Seconds. */
  readonly every: number
  readonly jitter: number
}

/** The text of holdfast.service for systemd, and of holdfast.timer where it runs once at a time, each below a comment that names its file. */
export function systemdUnits(order: UnitOrder): string {
  return order.once ? `${service(order)}\n${timer(order)}` : service(order)
}

function service({ program, argv, folder, state, once }: UnitOrder): string {
  const whole = state.startsWith('/') ? state : `${folder}/${state}`
  return `# /etc/systemd/system/holdfast.service
[Unit]
Description=Hold kernel parameters and iptables rules as the playbooks say
Documentation=man:systemd.service(5)
Wants=network-online.target
After=network-online.target time-sync.target

[Service]
Type=${once ? 'oneshot' : 'exec'}
WorkingDirectory=${path(folder)}
ExecStartPre=+/bin/mkdir -p -m 0700 ${word(whole)}
ExecStart=${[...program, ...argv].map(word).join(' ')}
# hosts under way finish; they undo by themselves what was not confirmed
KillSignal=SIGTERM
KillMode=mixed
TimeoutStopSec=300
${once ? '# 2: changes wait for a change window' : 'Restart=on-failure\nRestartSec=60'}
SuccessExitStatus=143${once ? ' 2' : ''}
ReadWritePaths=-${path(whole)}
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
UMask=0077
${once ? '' : '\n[Install]\nWantedBy=multi-user.target\n'}`
}

const timer = ({ every, jitter }: UnitOrder): string => `# /etc/systemd/system/holdfast.timer
[Unit]
Description=Run holdfast.service again and again

[Timer]
OnBootSec=2min
OnUnitActiveSec=${every}s
RandomizedDelaySec=${jitter}s

[Install]
WantedBy=timers.target
`

/** One word of a command line: systemd.service(5), COMMAND LINES. */
const word = (text: string): string => {
  const literal = text.replaceAll('%', '%%').replaceAll('$', '$$$$')
  return /^[\w@%+=:,./$-]+$/.test(literal)
    ? literal
    : `"${literal.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}

/** A path as a whole value: nothing in it is quoted but the specifiers. */
const path = (text: string): string => text.replaceAll('%', '%%')
