import { existsSync } from 'node:fs'
import { must } from '../lab/capture.js'

/** Installs a Debian package where `file`, which it brings, is not there. */
export async function need(name: string, file: string): Promise<void> {
  if (existsSync(file)) return
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = ['apt-get', '-q', '-y', '-o', 'DPkg::Lock::Timeout=300']
  await must([...apt, 'update'], { env })
  await must([...apt, 'install', '--no-install-recommends', name], { env })
}
