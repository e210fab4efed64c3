// Run by the tests as a process of its own: the command line over an engine that needs no host.
// Argument 1 is the fleet, `HOST:BEHAVIOUR` with commas; the rest is the command line.
import { setTimeout as sleep } from 'node:timers/promises'
import { openConsole } from '../../src/cli/console.js'
import { runCommandLine } from '../../src/cli/main.js'
import type { Parts } from '../../src/cli/parts.js'
import type { Change, Outcome } from '../../src/types.js'

const [fleet = '', ...argv] = process.argv.slice(2)
const change: Change = { resource: 'sysctl', layer: 'live', at: 'net.ipv4.tcp_rfc1337', before: '1', after: '0', cause: 'drift' }

const hosts = fleet.split(',').map((entry) => {
  const [host = ''] = entry.split(':')
  return {
    target: { host, address: '192.0.2.1', port: 22, user: 'root', become: false, becomeUser: 'root' },
    want: {
      host,
      resources: {},
      playbooks: [],
      mayRemove: true,
      prune: false,
      bootLoader: 'auto' as const,
      beside: [],
      reach: [],
      onChange: [],
    },
    groups: [],
  }
})

const parts: Parts = {
  load: async () => ({ hosts, notes: ['proxy.example is 192.0.2.1'] }),
  named: async () => ({ hosts, notes: [] }),
  engine:
    async ({ apply }) =>
    async ({ target: { host } }, { onStage, signal }) => {
      const behaviour = fleet
        .split(',')
        .find((entry) => entry.startsWith(`${host}:`))!
        .split(':')[1]!
      onStage('look')
      if (behaviour === 'throws') throw new TypeError('boom')
      if (behaviour === 'stray')
        setTimeout(() => {
          throw new TypeError('stray')
        }, 10)
      if (behaviour === 'slow') await sleep(600)
      if (behaviour === 'waits')
        await new Promise((resolve) => {
          const alive = setInterval(() => {}, 1000)
          signal.addEventListener('abort', () => {
            clearInterval(alive)
            resolve(null)
          })
        })
      if (behaviour === 'stray') await new Promise(() => setInterval(() => {}, 1000))
      const outcome =
        ({ throws: 'failed', slow: 'changed', waits: 'failed', differs: apply ? 'changed' : 'pending' } as Record<string, Outcome>)[
          behaviour
        ] ?? (behaviour as Outcome)
      const plan = { steps: [], scripts: [{ name: 'act', text: 'echo \u001b[31m\udc80' }] }
      return {
        host,
        outcome,
        changes: ['changed', 'pending'].includes(outcome) ? [change] : [],
        ...(behaviour === 'differs' ? { plan } : {}),
        ...(behaviour === 'waits' ? { reason: 'stopped' } : {}),
      }
    },
}

process.exitCode = await runCommandLine(argv, openConsole(), new URL('file:///nowhere/'), () => '0', parts)
process.exit()
