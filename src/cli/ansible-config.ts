import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { type Settings, settingsOf } from '../load/ansible-settings.js'
import { readConfig } from '../load/config-parser.js'
import { Mistake } from './options.js'

/** Ansible's settings as they hold in this folder, the file that they stand in, and what is to be told of it. */
export interface AnsibleConfig {
  readonly settings: Settings
  readonly file?: string
  readonly note?: string
}

/** Reads ANSIBLE_* and the `ansible.cfg` that Ansible itself would read; a Mistake where Ansible, too, would refuse it. */
export function ansibleConfig(): AnsibleConfig {
  const { file, note } = findConfig()
  const config = file === undefined ? undefined : readConfig(shown(file), readFileSync(file, 'utf8'))
  const { settings, problems } = settingsOf(config, { env: process.env, cwd: process.cwd(), home: home() })
  const [first] = problems
  if (first) throw new Mistake(`${config && first.file === config.file ? `${first.file}:${first.line}` : first.file}: ${first.message}`)
  return { settings, ...(file !== undefined && { file: shown(file) }), ...(note !== undefined && { note }) }
}

/** ANSIBLE_CONFIG, then ./ansible.cfg unless everybody may write in this folder, ~/.ansible.cfg, /etc/ansible/ansible.cfg: the first that is there. */
function findConfig(): Pick<AnsibleConfig, 'file' | 'note'> {
  const said = process.env.ANSIBLE_CONFIG
  const named = said === undefined ? [] : [ownFile(said)]
  const here = resolve('ansible.cfg')
  const open = (statSync('.').mode & constants.S_IWOTH) !== 0
  const usual = [join(home(), '.ansible.cfg'), '/etc/ansible/ansible.cfg']
  const file = [...named, ...(open ? [] : [here]), ...usual].find(isReadable)
  const passed = open && existsSync(here) && (file === undefined || file !== named[0])
  const note = `ansible.cfg is passed over, as Ansible does, since everybody may write in this folder: chmod o-w ${resolve('.')}, or name it with ANSIBLE_CONFIG`
  return { ...(file !== undefined && { file }), ...(passed && { note }) }
}

function ownFile(said: string): string {
  const path = resolve(said === '~' || said.startsWith('~/') ? join(home(), said.slice(1)) : said)
  return existsSync(path) && statSync(path).isDirectory() ? join(path, 'ansible.cfg') : path
}

const home = (): string => process.env.HOME || homedir()

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** A path as a person in this folder would write it. */
export function shown(path: string): string {
  const near = relative('.', path)
  return near === '' || near.startsWith('..') || isAbsolute(near) ? path : near
}
