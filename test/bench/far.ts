import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { firstLine } from '../lab/keeper.js'
import type { Lab } from '../lab/lab.js'

/** A place from which the hosts are far away. */
export interface Far {
  /** A process that has its network. */
  readonly pid: number
  /** How packets are held back: the kernel's netem, or a relay between two tun devices. */
  readonly how: string
  end(): Promise<void>
}

/** Makes a network for the controller that is `delayMs` (round trip) away from every host; at most one of a lab. */
export const farFrom = async (lab: Lab, delayMs: number): Promise<Far> => {
  const program = join(import.meta.dirname, 'far.py')
  // documentation's, and no net of the lab's: the hosts answer by way of the controller
  const argv = [`--net=/proc/${lab.pid}/ns/net`, '/usr/bin/python3', program, '198.51.100.1', String(delayMs)]
  const child: ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream } = spawn('nsenter', argv, { stdio: 'pipe' })
  const [how, pid] = (await firstLine(child, 'a line with delay could not be made')).split(' ')
  return {
    how: how!,
    pid: Number(pid),
    end: async () => {
      const ended = once(child, 'exit')
      child.stdin!.end()
      await ended
    },
  }
}
