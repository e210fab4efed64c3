import { isSecret } from './secret.js'

/** Opens an envelope of ansible-vault. */
export type Unvault = (envelope: string) => { readonly text: string } | { readonly failure: string }

/** A value that stood in a vault. Written as JSON it is what ansible-inventory prints; its text is only told to who opens it. */
export interface Vaulted {
  readonly __ansible_vault: string
  readonly open: ReturnType<Unvault> extends infer Opened ? () => Opened : never
}

const make = (shown: string, open: Vaulted['open']): Vaulted =>
  Object.defineProperty({ __ansible_vault: shown }, 'open', { value: open }) as Vaulted

/** A `!vault` value: it is opened when it is needed, so that what nobody uses needs no password. */
export const vaulted = (envelope: string, unvault: Unvault | undefined): Vaulted =>
  make(envelope, () => unvault?.(envelope) ?? { failure: 'locked' })

/** The values of a vaulted file, each closed again. */
export function closed(value: unknown): unknown {
  if (typeof value === 'string' || typeof value === 'number') return make('***', () => ({ text: String(value) }))
  if (Array.isArray(value)) return value.map(closed)
  if (typeof value !== 'object' || value === null || isVaulted(value)) return value
  const entries: Record<string, unknown> = Object.create(null)
  for (const [name, item] of Object.entries(value)) entries[name] = closed(item)
  return entries
}

/** An inventory in the YAML form out of a vault: its variables are closed, but for those that say how hosts are reached and are no secret. */
export function withClosedVars(groups: unknown): unknown {
  return mapped(groups, (body) =>
    mapped(body, (section, name) => {
      if (name === 'vars') return mapped(section, closedVar)
      if (name === 'hosts') return mapped(section, (vars) => mapped(vars, closedVar))
      return name === 'children' ? withClosedVars(section) : section
    }),
  )
}

const closedVar = (value: unknown, name: string): unknown => (/^(ansible|holdfast)_/.test(name) && !isSecret(name) ? value : closed(value))

function mapped(value: unknown, change: (item: unknown, name: string) => unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isVaulted(value)) return value
  const entries: Record<string, unknown> = Object.create(null)
  for (const [name, item] of Object.entries(value)) entries[name] = change(item, name)
  return entries
}

/** Whether a value stood in a vault. */
export const isVaulted = (value: unknown): value is Vaulted =>
  typeof value === 'object' && value !== null && '__ansible_vault' in value && 'open' in value && typeof value.open === 'function'
