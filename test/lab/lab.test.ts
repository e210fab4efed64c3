import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type Captured, type HostSpec, type Kind, type Lab, type ScriptVariant, startLab } from './lab.js'

const ssh = (lab: Lab, address: string, command: string, user = 'root'): Promise<Captured> => {
  const strict = ['-o', `UserKnownHostsFile=${lab.dir}/known_hosts`, '-o', 'StrictHostKeyChecking=yes', '-o', 'BatchMode=yes']
  return lab.run(['ssh', '-i', `${lab.dir}/id_ed25519`, ...strict, '-o', 'ConnectTimeout=2', `${user}@${address}`, command], {
    timeout: 20_000,
  })
}

const withLab = async <T>(specs: readonly HostSpec[], use: (lab: Lab) => Promise<T>): Promise<T> => {
  const lab = await startLab(specs)
  try {
    return await use(lab)
  } finally {
    await lab.stop()
  }
}

const ended = async (pid: number): Promise<boolean> => {
  for (let tries = 0; tries < 100 && existsSync(`/proc/${pid}`); tries++) await sleep(20)
  return !existsSync(`/proc/${pid}`)
}

// Each kind, and where its own boot readers look. `own` is a value and a rule that the kind comes with.
const rows: readonly {
  readonly kind: Kind
  readonly init: string
  readonly shell: string
  readonly sysctl: string
  readonly rules: readonly [string, string] | null
  readonly edit: string
  readonly own: { readonly key: string; readonly value: string; readonly rule: string }
}[] = [
  {
    kind: 'web',
    init: '/lib/systemd/systemd',
    shell: 'dash',
    sysctl: '/etc/sysctl.d/50-test.conf',
    rules: ['/etc/iptables/rules.v4', '/etc/iptables/rules.v6'],
    edit: 's/^COMMIT/-A INPUT -p tcp -m tcp --dport 4242 -j ACCEPT\\nCOMMIT/',
    own: { key: 'net.ipv4.ip_local_port_range', value: '20000\t60999', rule: '-A INPUT -p tcp -m multiport --dports 80,443' },
  },
  {
    kind: 'proxy',
    init: '/lib/systemd/systemd',
    shell: 'bash',
    sysctl: '/etc/sysctl.d/50-test.conf',
    rules: ['/etc/sysconfig/iptables', '/etc/sysconfig/ip6tables'],
    edit: 's/^COMMIT/-A INPUT -p tcp -m tcp --dport 4242 -j ACCEPT\\nCOMMIT/',
    own: { key: 'net.ipv4.tcp_tw_reuse', value: '1', rule: '-A INPUT -p tcp -m state --state NEW -m tcp --dport 3128' },
  },
  {
    kind: 'appliance',
    init: '/usr/sbin/init',
    shell: 'bash',
    sysctl: '/etc/sysctl.d/50-test.conf',
    rules: ['/usr/iwss/iwsvafw.sh', '/usr/iwss/iwsvafw.sh'],
    edit: 's/^IPTABLE.*# stateful$/&\\nIPTABLE -A INPUT -p tcp -m tcp --dport 4242 -j ACCEPT/',
    own: { key: 'net.ipv4.tcp_rfc1337', value: '1', rule: '-A SCAN_SERV_IN -p tcp -m tcp --dport 8080' },
  },
  {
    kind: 'alpine',
    init: '/usr/bin/busybox',
    shell: 'busybox',
    sysctl: '/etc/sysctl.d/50-test.conf',
    rules: ['/etc/iptables/rules-save', '/etc/iptables/rules6-save'],
    edit: 's/^COMMIT/-A INPUT -p tcp -m tcp --dport 4242 -j ACCEPT\\nCOMMIT/',
    own: { key: 'net.ipv4.conf.all.rp_filter', value: '1', rule: '-A INPUT -p tcp -m tcp --dport 22' },
  },
  {
    kind: 'bare',
    init: '/lib/systemd/systemd',
    shell: 'dash',
    sysctl: '/etc/sysctl.d/50-test.conf',
    rules: null,
    edit: '',
    own: { key: 'net.ipv4.conf.all.accept_redirects', value: '0', rule: '-P INPUT ACCEPT' },
  },
]

describe('a lab with one host of each kind', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab(rows.map(({ kind }) => ({ name: `${kind}1`, kind })))
  })
  afterAll(() => lab?.stop())

  it.each(rows)('logs in to $kind by both families, and counts it', async ({ kind, shell, init }) => {
    const host = lab.host(`${kind}1`)
    const before = host.execs()
    for (const address of [host.address, host.address6]) {
      expect(await ssh(lab, address, 'hostname; readlink -f /sbin/init; readlink -f /bin/sh')).toMatchObject({
        code: 0,
        stdout: `${kind}1\n${init.replace(/^\/lib/, '/usr/lib')}\n/usr/bin/${shell}\n`,
      })
    }
    expect(host.execs() - before).toBe(2)
  })

  it.each(rows)('boots $kind with its own values and rules', async ({ kind, own }) => {
    const host = lab.host(`${kind}1`)
    expect((await host.must(`sysctl -n ${own.key}`)).trim()).toBe(own.value)
    expect(await host.must('iptables -S')).toContain(own.rule)
    expect(await host.must('ip6tables -S')).toContain(own.rule)
  })

  it('keeps the values and rules of each host to itself', async () => {
    const machine = readFileSync('/proc/sys/net/ipv4/tcp_fin_timeout', 'utf8')
    await lab.host('web1').must('sysctl -qw net.ipv4.tcp_fin_timeout=17 && iptables -N MINE')
    expect(await lab.host('web1').must('sysctl -n net.ipv4.tcp_fin_timeout')).toBe('17\n')
    expect(await lab.host('bare1').must('sysctl -n net.ipv4.tcp_fin_timeout; iptables -S')).not.toMatch(/17|MINE/)
    expect(readFileSync('/proc/sys/net/ipv4/tcp_fin_timeout', 'utf8')).toBe(machine)
  })

  it.each(['kernel.pid_max', 'vm.swappiness', 'fs.file-max', 'net.netfilter.nf_conntrack_max'])(
    "cannot write the machine's %s",
    async (key) => {
      const path = `/proc/sys/${key.replaceAll('.', '/')}`
      const same = readFileSync(path, 'utf8').trim()
      expect((await lab.host('bare1').sh(`echo ${same} >${path}`)).code).not.toBe(0)
    },
  )

  it.each(rows)('reboots $kind: live changes go, files stay and are read again', async ({ kind, sysctl, rules, edit }) => {
    const host = lab.host(`${kind}1`)
    const live =
      'for ipt in iptables ip6tables; do $ipt -I INPUT -p tcp -m tcp --dport 999 -j DROP; done; sysctl -qw net.ipv4.tcp_retries2=9'
    await host.must(`${live}; touch /tmp/gone /run/gone /root/stays`)
    await host.must(`echo net.ipv4.tcp_syn_retries = 4 >${sysctl}`)
    if (rules) for (const file of new Set(rules)) await host.must(`sed -i '${edit}' ${file}`)
    const before = { pid: host.pid, bootId: await host.must('cat /proc/sys/kernel/random/boot_id') }
    await host.reboot()

    expect(host.pid).not.toBe(before.pid)
    expect(await host.must('cat /proc/sys/kernel/random/boot_id')).not.toBe(before.bootId)
    expect(await host.must('ls -d /tmp/gone /run/gone /root/stays 2>/dev/null || :')).toBe('/root/stays\n')
    expect(await host.must('sysctl -n net.ipv4.tcp_syn_retries net.ipv4.tcp_retries2')).toBe('4\n15\n')
    for (const command of ['iptables', 'ip6tables']) {
      const now = await host.must(`${command} -S INPUT`)
      expect(now).not.toContain('--dport 999')
      expect(now.includes('-A INPUT -p tcp -m tcp --dport 4242 -j ACCEPT')).toBe(rules !== null)
    }
    expect(await ssh(lab, host.address, 'hostname')).toMatchObject({ code: 0, stdout: `${kind}1\n` })
  })

  it('describes itself as an inventory', () => {
    const { all } = parse(readFileSync(join(lab.dir, 'inventory.yaml'), 'utf8'))
    expect(Object.keys(all.children)).toEqual(['web', 'proxy', 'appliance', 'alpine', 'bare'])
    expect(all.children.proxy.hosts).toEqual({ proxy1: {} })
    expect(all.hosts.proxy1).toEqual({ ansible_host: lab.host('proxy1').address })
  })

  it('takes one more host, and loses one', { timeout: 15_000 }, async () => {
    const added = await lab.addHost({ name: 'late', kind: 'web', groups: ['canary'], vars: { holdfast_profile: 'x' } })
    expect(await ssh(lab, added.address, 'hostname')).toMatchObject({ stdout: 'late\n' })
    expect(parse(readFileSync(join(lab.dir, 'inventory.yaml'), 'utf8')).all.children.canary.hosts).toEqual({ late: {} })
    await added.kill()
    expect((await ssh(lab, added.address, 'hostname')).code).toBe(255)
    await added.reboot()
    expect((await ssh(lab, added.address, 'hostname')).code).toBe(0)
  })
})

describe('boot readers', () => {
  const key = 'net.ipv4.tcp_fin_timeout'
  const files = { '/etc/sysctl.conf': `${key} = 51\n`, '/etc/sysctl.d/99-zz.conf': `${key} = 52\n` }
  const cases = [
    { name: 'd1', kind: 'web', also: {}, wins: '52' },
    { name: 'd2', kind: 'web', also: { '/etc/sysctl.d/99-zz.conf': '' }, wins: '51' },
    { name: 'e1', kind: 'appliance', also: {}, wins: '52' },
    { name: 'e2', kind: 'appliance', also: { '/etc/sysctl.d/zz-no-suffix': `${key} = 53\n` }, wins: '53' },
    { name: 'e3', kind: 'appliance', also: { '/etc/sysctl.d/zz.conf.bak': `${key} = 53\n` }, wins: '52' },
    { name: 'l1', kind: 'alpine', also: {}, wins: '51' },
  ] as const

  it('order the files as each system does', async () => {
    await withLab(
      cases.map(({ name, kind, also }) => ({ name, kind, files: { ...files, ...also } })),
      async (lab) => {
        const values = await Promise.all(lab.hosts.map((host) => host.must(`sysctl -n ${key}`)))
        expect(lab.hosts.map(({ name }, index) => ({ name, wins: values[index]!.trim() }))).toEqual(
          cases.map(({ name, wins }) => ({ name, wins })),
        )
      },
    )
  })

  it('run enabled oneshot units only, those of After= first', async () => {
    const unit = (more: string, says: string) =>
      `[Unit]\n${more}\n[Service]\nType=oneshot\nExecStart=/bin/sh -c "echo ${says} >>/root/ran"\n`
    const at = (name: string): string => `/etc/systemd/system/${name}.service`
    const files = {
      [at('holdfast')]: unit('After=systemd-sysctl.service zeta.service', 'holdfast'),
      [at('zeta')]: unit('', 'zeta'),
      [at('alpha')]: unit('ConditionPathExists=/no/such', 'alpha'),
      [at('idle')]: unit('', 'idle'),
      [at('early')]: unit('Before=zeta.service', 'early'),
    }
    const links = Object.fromEntries(
      [
        ['sysinit', 'holdfast'],
        ['multi-user', 'zeta'],
        ['multi-user', 'alpha'],
        ['multi-user', 'early'],
      ].map(([target, name]) => [`/etc/systemd/system/${target}.target.wants/${name}.service`, at(name!)]),
    )
    await withLab([{ name: 'h', kind: 'bare', files, links }], async (lab) => {
      expect(await lab.host('h').must('cat /root/ran')).toBe('early\nzeta\nholdfast\n')
    })
  })

  it('know what is enabled', async () => {
    const specs: HostSpec[] = [
      { name: 'w', kind: 'web' },
      { name: 'p', kind: 'proxy' },
    ]
    await withLab(specs, async (lab) => {
      expect(await lab.host('w').must('systemctl is-enabled netfilter-persistent')).toBe('enabled\n')
      expect(await lab.host('p').must('systemctl is-enabled iptables ip6tables')).toBe('enabled\nenabled\n')
    })
  })

  it("run an OpenRC service and a SysV script that were added by the system's own tools", async () => {
    const specs: HostSpec[] = [
      {
        name: 'l',
        kind: 'alpine',
        files: { '/etc/init.d/mine': '#!/sbin/openrc-run\nstart() {\n\tebegin x\n\ttouch /root/ran\n\teend $?\n}\n' },
      },
      {
        name: 'a',
        kind: 'appliance',
        files: { '/etc/rc.d/init.d/mine': '#!/bin/sh\n# chkconfig: 2345 09 91\n[ "$1" = start ] && touch /root/ran\n' },
      },
    ]
    await withLab(specs, async (lab) => {
      await lab.host('l').must('rc-update add mine default')
      await lab.host('a').must('chkconfig --add mine')
      for (const host of lab.hosts) {
        expect((await host.sh('ls /root/ran')).code).not.toBe(0)
        await host.reboot()
        expect((await host.sh('ls /root/ran')).code).toBe(0)
      }
    })
  })
})

describe('an appliance', () => {
  const line = 'IPTABLE ipv4 -A INPUT -p tcp -s 192.0.2.1 -j ACCEPT'
  const change = `sed -i -e '/# stateful$/a ${line}' /usr/iwss/iwsvafw.sh; sed -i 's/rfc1337=1/rfc1337=0/' /etc/sysctl.conf`
  const version = 'clish -c "show system version"'

  it.each([
    { to: 'sp3', build: 'IWSVA 6.5-SP3_Build_Linux_3279', rereads: false },
    { to: 'sp3p1', build: 'IWSVA 6.5-SP3_Build_Linux_3312', rereads: true },
  ] as const)("is upgraded to $to, which brings the product's own files back", async ({ to, build, rereads }) => {
    await withLab([{ name: 'a', kind: 'appliance' }], async (lab) => {
      const host = lab.host('a')
      expect(await host.must(version)).toMatch(/^IWSVA 6\.5-SP2_Build_Linux_1548 /)
      await host.must(`${change}; echo x >/etc/sysctl.d/own.conf; mkdir -p /var/lib/holdfast; echo {} >/var/lib/holdfast/record.json`)
      await host.must('/etc/init.d/iptables restart')
      expect(await host.must('iptables -S INPUT')).toContain('-s 192.0.2.1/32')
      expect(await host.must('ip6tables -S INPUT')).not.toContain('-p tcp')

      await host.upgrade(to)
      expect(await host.must(version)).toContain(build)
      expect(await host.must('iptables -S INPUT')).not.toContain('192.0.2.1')
      expect(await host.must('cat /usr/iwss/iwsvafw.sh')).toMatch(/--state ESTABLISHED,RELATED -j ACCEPT # stateful\n\n/)
      expect(await host.must('cat /etc/sysctl.conf; ls /etc/sysctl.d; sysctl -n net.ipv4.tcp_rfc1337')).not.toMatch(/rfc1337|own|1\n$/)
      expect(await host.must('ls /var/lib/holdfast')).toBe('record.json\n')

      await host.must(`${change}; /etc/init.d/iptables restart`)
      expect((await host.must('iptables -S INPUT')).includes('192.0.2.1')).toBe(rereads)
      await host.must('/usr/iwss/iwsvafw.sh restart')
      expect(await host.must('iptables -S INPUT')).toContain('192.0.2.1')
    })
  })

  it('may lose /var in an upgrade', async () => {
    await withLab([{ name: 'a', kind: 'appliance' }], async (lab) => {
      await lab.host('a').must('mkdir -p /var/lib/holdfast')
      await lab.host('a').upgrade('sp3', { wipeVar: true })
      expect((await lab.host('a').sh('ls /var/lib/holdfast')).code).not.toBe(0)
    })
  })

  const marker = /# stateful$/gm
  const variants: Readonly<Record<ScriptVariant, (script: string) => boolean>> = {
    indented: (script) => /^ {4}IPTABLE -A INPUT .*# stateful$/m.test(script),
    tabs: (script) => /^\tIPTABLE -A INPUT .*# stateful$/m.test(script),
    spaced: (script) => script.includes('   #  stateful\n'),
    'no-final-newline': (script) => script.endsWith('esac'),
    'no-marker': (script) => script.match(marker) === null,
    'two-markers': (script) => script.match(marker)?.length === 2,
    crlf: (script) => script.includes('# stateful\r\n'),
  }
  it('may have another script', async () => {
    const names = Object.keys(variants) as ScriptVariant[]
    await withLab(
      names.map((script) => ({ name: script, kind: 'appliance', script })),
      async (lab) => {
        for (const name of names) expect(await lab.host(name).must('cat /usr/iwss/iwsvafw.sh'), name).toSatisfy(variants[name])
      },
    )
  })

  it('may let people in to its command line only', async () => {
    await withLab([{ name: 'a', kind: 'appliance', rootShell: '/usr/bin/clish' }], async (lab) => {
      expect(await ssh(lab, lab.host('a').address, 'uname -a')).toMatchObject({ code: 1, stdout: expect.stringContaining('diagnose') })
    })
  })
})

describe('options', () => {
  it('give a host another back end, users, files, and take things away', async () => {
    const users = [
      { name: 'deploy', sudoers: 'deploy ALL=(ALL) NOPASSWD: ALL' },
      { name: 'ops', password: 'pass word', sudoers: 'ops ALL=(ALL) ALL' },
    ]
    const spec: HostSpec = {
      name: 'h',
      kind: 'web',
      backend: 'legacy',
      users,
      hide: ['/usr/bin/unshare'],
      oldKernel: true,
      ip: ['address add 192.0.2.7/32 dev eth0'],
    }
    await withLab([spec], async (lab) => {
      const host = lab.host('h')
      expect(await host.must('iptables -V; iptables-legacy-save | grep -c dport')).toMatch(/legacy\)\n2/)
      expect((await host.sh('command -v unshare')).code).not.toBe(0)
      expect(await host.must('ip -o address show dev eth0')).toContain('192.0.2.7/32')
      expect(await ssh(lab, host.address, 'uname -r')).toMatchObject({ stdout: expect.stringMatching(/^2\.6\./) })
      expect(await ssh(lab, host.address, 'sudo -n id -un', 'deploy')).toMatchObject({ code: 0, stdout: 'root\n' })
      expect((await ssh(lab, host.address, 'sudo -n id -un', 'ops')).code).toBe(1)
      expect(await ssh(lab, host.address, 'echo pass word | sudo -S id -un', 'ops')).toMatchObject({ code: 0, stdout: 'root\n' })
    })
  })

  it('put a host behind another one, which then routes, also after its reboot', { timeout: 15_000 }, async () => {
    const specs: HostSpec[] = [
      { name: 'inner', kind: 'web', behind: 'router' },
      { name: 'router', kind: 'bare' },
    ]
    await withLab(specs, async (lab) => {
      const [inner, router] = [lab.host('inner'), lab.host('router')]
      expect(lab.hosts.map((host) => host.name)).toEqual(['inner', 'router'])
      expect(await ssh(lab, inner.address, 'hostname')).toMatchObject({ stdout: 'inner\n' })
      expect(await ssh(lab, inner.address6, 'hostname')).toMatchObject({ stdout: 'inner\n' })
      await router.must('iptables -A FORWARD -j DROP')
      expect((await ssh(lab, inner.address, 'hostname')).code).toBe(255)
      await router.reboot()
      await inner.reboot()
      expect(await ssh(lab, inner.address, 'hostname')).toMatchObject({ stdout: 'inner\n' })
    })
  })
})

describe('the end of a lab', () => {
  it('leaves nothing, and another lab with the same names is not touched', async () => {
    const specs: HostSpec[] = [{ name: 'h', kind: 'web' }]
    await withLab(specs, async (other) => {
      const lab = await startLab(specs)
      const pids = [lab.pid, lab.host('h').pid]
      expect(pids.every((pid) => existsSync(`/proc/${pid}`))).toBe(true)
      await lab.stop()
      expect(await Promise.all(pids.map(ended))).toEqual([true, true])
      expect(existsSync(lab.dir)).toBe(false)
      expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(lab.dir)
      expect(await ssh(other, other.host('h').address, 'hostname')).toMatchObject({ stdout: 'h\n' })
    })
  })

  it('leaves nothing where a host does not come up', async () => {
    const before = readdirSync('/tmp')
    const broken: HostSpec = { name: 'h', kind: 'bare', files: { '/etc/ssh/sshd_config': 'Nonsense yes\n' } }
    await expect(startLab([broken, { name: 'w', kind: 'web' }])).rejects.toThrow(/h did not come up[\s\S]*Nonsense/)
    const own = (names: readonly string[]): readonly string[] => names.filter((name) => name.startsWith(`holdfast-lab-${process.pid}-`))
    expect(own(readdirSync('/tmp'))).toEqual(own(before))
  })

  it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('comes with its owner, also by %s', async (signal) => {
    const argv = ['--import', 'tsx', join(import.meta.dirname, 'cli.ts'), 'up', 'h=web']
    const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] })
    let said = ''
    for await (const piece of child.stdout) {
      said += piece
      if (said.includes('log in')) break
    }
    const dir = /inventory\s+(.*)\/inventory\.yaml/.exec(said)![1]!
    const pid = Number(/\/proc\/(\d+)\//.exec(said)![1])
    expect(existsSync(dir) && existsSync(`/proc/${pid}`)).toBe(true)
    child.kill(signal)
    expect(await ended(pid)).toBe(true)
    for (let tries = 0; tries < 100 && existsSync(dir); tries++) await sleep(20)
    expect(existsSync(dir)).toBe(false)
  })
})
