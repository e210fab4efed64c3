import { spawnSync } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import type { Settings } from '../load/ansible-settings.js'
import { decryptVault, type Unvaulted, type VaultPassword } from '../vault/vault.js'
import { ansibleConfig } from './ansible-config.js'
import { askHidden } from './ask.js'
import { Mistake } from './options.js'

/** Where vault passwords come from, as ansible-vault is told. */
export interface VaultOptions {
  /** `LABEL@SOURCE` or `SOURCE`; a source is `prompt`, a file, or a program that prints the password. */
  readonly vaultId?: readonly string[]
  readonly vaultPasswordFile?: readonly string[]
  readonly askVaultPass?: boolean
}

const passwords: VaultPassword[] = []
const opened = new Map<string, Unvaulted>()

/** Takes the vault passwords of a command line and of Ansible's settings, for all files that this process reads. */
export async function takeVaultPasswords(
  { vaultId = [], vaultPasswordFile = [], askVaultPass }: VaultOptions,
  settings: Settings = ansibleConfig().settings,
): Promise<void> {
  const listed = settings.get('vault_identity_list')?.value
  const file = settings.get('vault_password_file')?.value
  const ids = [...vaultId, ...(Array.isArray(listed) ? (listed as readonly string[]) : [])].filter((id) => id !== '')
  const files = vaultPasswordFile.length > 0 ? vaultPasswordFile : typeof file === 'string' ? [file] : []
  passwords.length = 0
  opened.clear()
  for (const one of ids) passwords.push(await passwordOf(one))
  for (const path of files) passwords.push({ password: passwordIn(path) })
  if (askVaultPass) passwords.push({ password: (await askHidden('Vault password: ')).trim() })
}

/** Opens an envelope with these passwords, each once. */
export function unvault(envelope: string): Unvaulted {
  const found = opened.get(envelope) ?? decryptVault(envelope, passwords)
  opened.set(envelope, found)
  return found
}

async function passwordOf(said: string): Promise<VaultPassword> {
  const at = said.indexOf('@')
  const [id, source] = at < 0 ? [undefined, said] : [said.slice(0, at), said.slice(at + 1)]
  const label = id ? { id } : {}
  if (/^prompt(_ask_vault_pass)?$/.test(source))
    return { ...label, password: (await askHidden(`Vault password${id ? ` (${id})` : ''}: `)).trim() }
  return { ...label, password: passwordIn(source, id) }
}

function passwordIn(path: string, id?: string): string {
  const file = resolve(path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path)
  const text = isProgram(file) ? printed(file, id) : readPassword(file)
  if (text.trim() === '') throw new Mistake(`the vault password in ${path} is empty`)
  return text.trim()
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** A program called NAME-client is told which label is wanted. */
function printed(file: string, id: string | undefined): string {
  const words = /-client(\.\w+)?$/.test(basename(file)) ? ['--vault-id', id ?? 'default'] : []
  const { error, status, signal, stdout } = spawnSync(file, words, { encoding: 'utf8', stdio: ['inherit', 'pipe', 'inherit'] })
  if (error || status !== 0) throw new Mistake(`${file} gave no vault password: ${error?.message ?? `it ended with ${status ?? signal}`}`)
  return stdout
}

function readPassword(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Mistake(`the vault password cannot be read: ${(error as Error).message}`)
  }
}
