import { spawnSync } from 'node:child_process'

export type Backend = 'nft' | 'legacy'
export const backends: readonly Backend[] = ['nft', 'legacy']

/** Runs sh in a network namespace of its own; without input the script goes by stdin, where it may be of any length. Throws with stderr when it fails. */
export const inNamespace = (script: string, input?: string): string => {
  const { status, stdout, stderr } = spawnSync('unshare', ['-n', 'sh', ...(input === undefined ? ['-s'] : ['-c', script])], {
    input: input ?? script,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', XTABLES_LOCKFILE: `/run/holdfast-test.${process.pid}.lock` },
    maxBuffer: 1 << 28,
  })
  if (status !== 0) throw new Error(`status ${status}: ${stderr}`)
  return stdout.toString()
}

/** The lines of one chain in what iptables-save printed, without their head. */
export const chainLines = (saved: string, chain: string): string[] =>
  saved
    .split('\n')
    .flatMap((line) => (line === `-A ${chain}` || line.startsWith(`-A ${chain} `) ? [line.slice(`-A ${chain} `.length)] : []))
