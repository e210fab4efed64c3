import { afterEach, expect, it, vi } from 'vitest'
import { apply, type HostReport, ProblemsError, plan } from '../../src/index.js'
import { makeFolder } from './process.js'

let place: ReturnType<typeof makeFolder> | undefined
afterEach(() => place?.remove())
const folder = (playbook: string) => {
  place = makeFolder({
    'inventory.yaml': 'all: {hosts: {web1: {ansible_host: 192.0.2.1}, web2: {ansible_host: 192.0.2.2}}}\n',
    'web.yaml': playbook,
    known_hosts: '',
  })
  const path = (name: string): string => `${place!.folder}/${name}`
  return { inventory: path('inventory.yaml'), playbooks: [path('web.yaml')], knownHosts: path('known_hosts'), state: path('state') }
}
const sound = '- hosts: all\n  sysctl:\n    net.ipv4.tcp_rfc1337: 0\n'
const problemsOf = async (run: Promise<unknown>) => {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ProblemsError)
  return (error as ProblemsError).problems
}

it('throws all problems of the files, with their places', async () => {
  const [first, second] = await problemsOf(
    plan(folder('- hosts: all\n  sysct: {}\n- hosts: nobody\n  sysctl: {net.ipv4.tcp_rfc1337: 0}\n')),
  )
  expect(first).toMatchObject({ file: expect.stringMatching(/web\.yaml$/), line: 2, column: 3 })
  expect(second).toMatchObject({ line: 3, message: expect.stringContaining('nobody') })
})

it.each([
  [{ forks: 0 }, /--forks.*whole number/],
  [{ serial: 'x' }, /--serial/],
  [{ limit: 'nobody' }, /nobody/],
  [{ inventory: '/nowhere/at/all' }, /there is no inventory/],
  [{ playbooks: ['--help'] }, /there is no playbook --help/],
  [{ cause: 'bad luck' }, /--cause/],
])('refuses the options %j as the command line does', async (options, message) => {
  const [problem] = await problemsOf(apply({ ...folder(sound), ...options }))
  expect(problem!.message).toMatch(message)
})

it('begins no host once its signal is aborted, and writes nothing to the terminal', async () => {
  const written = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write')]
  try {
    const hosts: HostReport[] = []
    const report = await plan({ ...folder(sound), signal: AbortSignal.abort(), onHost: (host) => hosts.push(host) })
    expect(report).toMatchObject({ command: 'plan', summary: { skipped: 2 } })
    expect(report.hosts.map(({ host, outcome }) => `${host} ${outcome}`)).toEqual(['web1 skipped', 'web2 skipped'])
    expect(hosts).toEqual([])
    for (const stream of written) expect(stream).not.toHaveBeenCalled()
  } finally {
    for (const stream of written) stream.mockRestore()
  }
})
