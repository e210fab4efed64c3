import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Captured, capture } from './capture.js'

const tsx = join(import.meta.dirname, '../../node_modules/.bin/tsx')

/** Runs needs-cli.ts on this machine as if it lacked those files of /usr/sbin, with an apt-get that only tells what it was asked for. */
const needsWithout = (files: readonly string[], answer: number): Promise<Captured> =>
  capture(['unshare', '-m', 'sh', '-eu', '-c', world, tsx, join(import.meta.dirname, 'needs-cli.ts'), String(answer), ...files])

// A character device 0:0 in the upper layer is "not there" to overlayfs; what is written to /usr/sbin stays in the tmpfs.
const world = `
cli=$1 answer=$2; shift 2
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work
for file in policy-rc.d "$@"; do mknod "/mnt/upper/$file" c 0 0; done
mount -t overlay -o lowerdir=/usr/sbin,upperdir=/mnt/upper,workdir=/mnt/work overlay /usr/sbin
cat > /mnt/apt-get <<APT
#!/bin/sh
echo "\\$DEBIAN_FRONTEND apt-get \\$*; services: \\$(sh /usr/sbin/policy-rc.d; echo \\$?)" >> /mnt/asked
exit $answer
APT
chmod +x /mnt/apt-get
mount --bind /mnt/apt-get /usr/bin/apt-get
"$0" "$cli" || echo "ended with $?"
cat /mnt/asked 2>/dev/null || echo 'asked for nothing'
[ ! -e /usr/sbin/policy-rc.d ] || echo 'the guard was left'
`

describe('what the lab needs', () => {
  it('is there: nothing is asked for', async () => {
    expect((await needsWithout([], 0)).stdout).toBe('asked for nothing\n')
  })

  it('is installed where it is missing, and no service is started', async () => {
    const { stdout } = await needsWithout(['conntrack', 'iptables-legacy'], 0)
    expect(stdout.trim().split('\n')).toEqual([
      'noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 update; services: 101',
      'noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends conntrack iptables; services: 101',
    ])
  })

  it('is named in one sentence where it cannot be installed', async () => {
    const { stdout, stderr } = await needsWithout(['conntrack'], 100)
    expect(stdout).toContain('ended with 1')
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^holdfast's lab: the lab needs these Debian packages: apt-get install conntrack \(.*ended with 100/),
    ])
  })
})
