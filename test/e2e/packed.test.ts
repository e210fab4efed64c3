import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blocksOf } from '../house/readme.js'
import { type Lab, startLab } from '../lab/lab.js'

const root = join(import.meta.dirname, '../..')
const run = (command: string, words: readonly string[], cwd: string): string =>
  execFileSync(command, words, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** Packs the project as it stands, from a copy: the build of prepack touches nothing here. */
function pack(place: string): string {
  const copy = join(place, 'copy')
  const files = run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], root)
  for (const path of files.split('\0').filter((path) => path !== '' && !path.startsWith('test/') && existsSync(join(root, path)))) {
    mkdirSync(dirname(join(copy, path)), { recursive: true })
    copyFileSync(join(root, path), join(copy, path))
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  run('npm', ['pack', '--pack-destination', place, '--loglevel=error'], copy)
  return join(place, readdirSync(place).find((name) => name.endsWith('.tgz'))!)
}

/** A root with node, env and the libraries that they load: no shell, no users, no /proc. */
function emptyRoot(folder: string): void {
  for (const program of [realpathSync(process.execPath), '/usr/bin/env']) {
    const libraries = [...run('ldd', [program], '/').matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path!)
    for (const path of [program, ...libraries]) {
      mkdirSync(join(folder, dirname(path)), { recursive: true })
      copyFileSync(path, join(folder, path))
    }
  }
  for (const path of ['tmp', 'root', 'srv', 'bin']) mkdirSync(join(folder, path), { recursive: true })
}

describe('the package, installed where nothing else is', () => {
  let lab: Lab
  let place: string
  let chroot: string
  /** Runs a program of the empty root, in its /srv, in the controller's network. */
  const inside = async (...words: readonly string[]) =>
    lab.run(['chroot', chroot, '/usr/bin/env', '-i', '-C', '/srv', `PATH=/opt/bin:${dirname(process.execPath)}`, 'HOME=/root', ...words], {
      timeout: 60_000,
    })

  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), 'holdfast-packed-'))
    chroot = join(place, 'root')
    emptyRoot(chroot)
    run(
      'npm',
      [
        'install',
        '--global',
        '--prefix',
        join(chroot, 'opt'),
        '--prefer-offline',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        '--loglevel=error',
        pack(place),
      ],
      place,
    )
    lab = await startLab([{ name: 'web1', kind: 'web' }])
    const keys = join(chroot, lab.dir)
    mkdirSync(keys, { recursive: true })
    for (const name of ['id_ed25519', 'known_hosts']) copyFileSync(join(lab.dir, name), join(keys, name))
  }, 180_000)
  afterAll(async () => {
    await lab?.stop()
    rmSync(place, { recursive: true, force: true })
  })

  it('says its version and its help', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    expect(await inside('holdfast', '--version')).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' })
    expect(await inside('holdfast', 'plan', '--help')).toMatchObject({ code: 0, stderr: '' })
    expect((await inside('holdfast', 'completion', 'fish')).stdout).toContain('complete -c holdfast')
  })

  it('brings its manual page, and nothing of its tests or sources', () => {
    expect(readFileSync(join(chroot, 'opt/share/man/man1/holdfast.1'), 'utf8')).toMatch(/^\.TH HOLDFAST 1/)
    const files = readdirSync(join(chroot, 'opt/lib/node_modules/holdfast'), { recursive: true, encoding: 'utf8' })
    const own = files.filter((path) => !path.startsWith('node_modules'))
    expect(own.length).toBeGreaterThan(20)
    expect(own.filter((path) => /^(src|test)\/|\.(map|test\.\w+)$|(?<!\.d)\.ts$/.test(path))).toEqual([])
  })

  it('begins, checks, plans and applies', async () => {
    const made = await inside('holdfast', 'init', '--host', `web1=${lab.host('web1').address}`, '--remedy', 'conntrack-timeout')
    expect(made).toMatchObject({ code: 0, stderr: '' })
    const playbook = readFileSync(join(chroot, 'srv/playbooks/conntrack-timeout.yaml'), 'utf8')
    const [, schema] = /\$schema=(\S+)/.exec(playbook)!
    expect(existsSync(join(chroot, schema!.startsWith('/') ? schema! : join('srv/playbooks', schema!)))).toBe(true)
    expect(await inside('holdfast', 'validate')).toMatchObject({ code: 0, stdout: 'no problems; the plays name 1 host\n' })
    const access = ['--known-hosts', join(lab.dir, 'known_hosts'), '-e', `ansible_ssh_private_key_file=${join(lab.dir, 'id_ed25519')}`]
    const planned = await inside('holdfast', 'plan', ...access)
    expect(planned.code, planned.stderr).toBe(2)
    expect(planned.stdout).toContain('net.netfilter.nf_conntrack_tcp_timeout_established')
    expect((await inside('holdfast', 'apply', ...access)).code).toBe(0)
    expect((await inside('holdfast', 'plan', ...access)).code).toBe(0)
  })

  it('is a library, as docs/library.md shows it', async () => {
    const [example] = blocksOf(readFileSync(join(root, 'docs/library.md'), 'utf8')).filter(({ language }) => language === 'ts')
    const work = join(chroot, 'srv/app')
    mkdirSync(join(work, 'node_modules'), { recursive: true })
    mkdirSync(join(work, 'playbooks'))
    symlinkSync('/opt/lib/node_modules/holdfast', join(work, 'node_modules/holdfast'))
    writeFileSync(join(work, 'package.json'), '{"type": "module"}')
    writeFileSync(join(work, 'inventory.yaml'), readFileSync(join(lab.dir, 'inventory.yaml')))
    writeFileSync(join(work, 'playbooks/web.yaml'), '- hosts: web\n  sysctl:\n    net.ipv4.tcp_fin_timeout: 42\n')
    copyFileSync(join(lab.dir, 'known_hosts'), join(work, 'known_hosts'))
    // its types: outside, where the compiler is
    const typed = join(place, 'typed')
    mkdirSync(join(typed, 'node_modules/@types'), { recursive: true })
    symlinkSync(join(chroot, 'opt/lib/node_modules/holdfast'), join(typed, 'node_modules/holdfast'))
    for (const name of ['@types/node', 'undici-types'])
      cpSync(join(root, 'node_modules', name), join(typed, 'node_modules', name), { recursive: true })
    writeFileSync(join(typed, 'package.json'), '{"type": "module"}')
    writeFileSync(join(typed, 'example.ts'), example!.text)
    const options = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node', '--outDir', work]
    run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...options, 'example.ts'], typed)
    const { code, stdout, stderr } = await lab.run(
      ['chroot', chroot, '/usr/bin/env', '-i', '-C', '/srv/app', 'HOME=/root', process.execPath, 'example.js'],
      { timeout: 60_000 },
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.split('\n')).toEqual([
      'web1: pending',
      'web1 live net.ipv4.tcp_fin_timeout: 60 -> 42',
      'web1 boot net.ipv4.tcp_fin_timeout: 60 -> 42',
      'web1: changed',
      '{"changed":1}',
      '',
    ])
  })
})
