import type { Change, Seen } from '../../types.js'
import type { BootFacts, Draft } from './boot.js'
import { bootValue } from './effective.js'
import { type SeenFiles, withText } from './files.js'
import { moduleOf } from './keys.js'
import { moduleState } from './look.js'
import { bootReader } from './order.js'
import type { SysctlKey } from './want.js'

/** The own list of modules to load at boot, see modules-load.d(5). */
export const modulesPath = '/etc/modules-load.d/holdfast.conf'

const header = '# Kept by holdfast: modules that bring the kernel parameters it holds. See modules-load.d(5).\n'

/** A draft in which the loadable module of a key is loaded at boot, before the boot reader sets the key. */
export function loadAtBoot(draft: Draft, key: SysctlKey, seen: Seen, facts: BootFacts): Draft {
  const name = moduleOf(key.path)
  if (name === undefined || !['loaded', 'loadable'].includes(moduleState(seen, name))) return draft
  const reader = bootReader(draft.files, facts)
  // Without a line the key has its default as soon as something loads the module.
  if (bootValue(reader, key.path) === undefined || isListed(draft.files, name)) return draft
  if (reader.name.includes('rc.sysinit'))
    return {
      ...draft,
      warnings: [...draft.warnings, `${key.key} is lost at the next boot unless something loads ${name} before rc.sysinit sets it`],
    }
  const text = draft.files.files.get(modulesPath)?.text ?? header
  const said = [...draft.changes.values()].flat().some((change) => change.at === key.key)
  const change: Change = {
    resource: 'sysctl',
    layer: 'boot',
    at: key.key,
    after: key.value,
    cause: 'new',
    note: `would be lost at boot: nothing loads ${name}`,
  }
  const changes = new Map([...draft.changes, [modulesPath, [...(draft.changes.get(modulesPath) ?? []), ...(said ? [] : [change])]]])
  return { ...draft, files: withText(draft.files, modulesPath, `${text.replace(/\n?$/, '\n')}${name}\n`), changes }
}

/** A draft without the own line of a module that no wanted and no own key needs any more. */
export function unloadAtBoot(draft: Draft, needed: ReadonlySet<string>): Draft {
  const file = draft.files.files.get(modulesPath)
  if (file === undefined) return draft
  const kept = file.text.split('\n').filter((line) => line === '' || line.startsWith('#') || needed.has(line.trim()))
  if (kept.length === file.text.split('\n').length) return draft
  const text = kept.some((line) => line !== '' && !line.startsWith('#')) ? kept.join('\n') : null
  return { ...draft, files: withText(draft.files, file.real, text) }
}

function isListed(seen: SeenFiles, name: string): boolean {
  const flat = (text: string): string => text.trim().replaceAll('-', '_')
  return [...seen.files.values()]
    .filter(
      (file) => file.path === '/etc/modules' || /^\/(etc|run|usr\/local\/lib|usr\/lib|lib)\/modules-load\.d\/[^/]+\.conf$/.test(file.path),
    )
    .some((file) => file.text.split('\n').some((line) => flat(line.split(/\s/, 1)[0] ?? '') === flat(name)))
}
