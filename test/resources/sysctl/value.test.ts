import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { kernelForm, sameValue, wrongLength } from '../../../src/resources/sysctl/value.js'

/** Writes each text to its key in a fresh network namespace and reads it back; undefined where the kernel refuses it. */
function kernelSays(
  rows: readonly (readonly [string, string])[],
): readonly { readonly before: string; readonly after: string | undefined }[] {
  const script = rows
    .map(
      ([key, text]) =>
        `cat /proc/sys/${key}; printf '\\0'; { printf '%s\\n' '${text}' > /proc/sys/${key}; } 2>/dev/null && cat /proc/sys/${key}; printf '\\0'`,
    )
    .join('\n')
  const parts = spawnSync('unshare', ['-n', 'sh', '-c', script]).stdout.toString().split('\0')
  return rows.map((_, index) => {
    const [before = '', after = ''] = parts.slice(index * 2, index * 2 + 2)
    return { before: before.replace(/\n$/, ''), after: after === '' ? undefined : after.replace(/\n$/, '') }
  })
}

const written = [
  ['net/ipv4/tcp_keepalive_time', '0x1e'],
  ['net/ipv4/tcp_keepalive_time', '030'],
  ['net/ipv4/tcp_keepalive_time', '007'],
  ['net/ipv4/tcp_keepalive_time', '-1'],
  ['net/ipv4/tcp_keepalive_time', '0'],
  ['net/ipv4/tcp_keepalive_time', '1 2'],
  ['net/ipv4/tcp_keepalive_time', '11 # c'],
  ['net/ipv4/tcp_rmem', '4096 87380 6291456'],
  ['net/ipv4/tcp_rmem', '4096\t87380\t0x600000'],
  ['net/ipv4/ip_local_port_range', '20000   30001'],
  ['net/ipv4/ip_local_reserved_ports', '8080,1024-1030,1031,9000-9001'],
  ['net/ipv4/ip_local_reserved_ports', '30000,10-20,1-5,15'],
  ['net/ipv4/tcp_fastopen_key', '1-2-3-4'],
  ['net/ipv4/tcp_fastopen_key', 'AB-2-3-4'],
  ['net/ipv4/tcp_congestion_control', 'reno'],
] as const

describe('a value is compared as the kernel spells it', () => {
  const said = kernelSays(written)
  it.each(written.map(([key, text], index) => ({ key, text, ...said[index] })))('$key = $text', ({ key, text, before, after }) => {
    expect(after).toBeDefined()
    const path = `/proc/sys/${key}`
    expect(kernelForm(path, text, before ?? '').split(/[ \t]/)).toEqual(after?.split(/[ \t]/))
    expect(sameValue(path, after ?? '', text, after ?? '')).toBe(true)
  })

  it.each([
    ['net/ipv4/tcp_keepalive_time', '7200', '7201'],
    ['net/ipv4/tcp_keepalive_time', '7200', '+7200'],
    ['net/ipv4/tcp_rmem', '4096\t131072\t6291456', '4096 131072'],
    ['net/ipv4/tcp_congestion_control', 'bbr', 'bbr2'],
    ['kernel/core_pattern', 'a  b', 'a\tb'],
    ['kernel/core_pattern', '010', '8'],
    ['net/ipv4/ip_local_reserved_ports', '1-5', '1-6'],
    ['net/ipv4/ip_local_reserved_ports', '', '1'],
  ])('%s: %j is not %j', (key, live, want) => {
    expect(sameValue(`/proc/sys/${key}`, live, want, live)).toBe(false)
  })

  it.each([
    ['net/ipv4/tcp_rmem', '4096\t131072\t6291456', '8192', 'write all 3 words: 8192 131072 6291456'],
    ['net/ipv4/ip_local_port_range', '32768\t60999', '1 2 3', 'write all 2 words: 1 2'],
    ['net/ipv4/tcp_rfc1337', '0', '1 0', 'write all 1 word: 1'],
  ])('%s: %j is refused for %j', (key, live, want, message) => {
    expect(wrongLength(`/proc/sys/${key}`, live, want)).toContain(message)
  })

  it.each([
    ['net/ipv4/ip_local_reserved_ports', '', '1-5'],
    ['kernel/core_pattern', 'core', '|/bin/x %p'],
    ['net/ipv4/tcp_rmem', '1\t2\t3', '4 5 6'],
  ])('%s: %j may be written over %j', (key, live, want) => {
    expect(wrongLength(`/proc/sys/${key}`, live, want)).toBeUndefined()
  })
})
