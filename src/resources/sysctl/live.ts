import { quote } from '../../quote.js'
import type { Planned, Seen, Step } from '../../types.js'
import { moduleOf, movedBy, rank, whyNoUndo } from './keys.js'
import { type Live, liveValues, moduleState } from './look.js'
import { nearest } from './nearest.js'
import { kernelForm, sameValue, wrongLength } from './value.js'
import type { SysctlKey } from './want.js'

/** The differences between the wanted keys and the running kernel, in the order in which they are to be written. */
export function planLive(keys: readonly SysctlKey[], seen: Seen): Planned {
  const values = liveValues(seen)
  const ordered = [...keys].sort((a, b) => rank(a.path, a.value) - rank(b.path, b.value))
  const found = ordered.map((key) => judge(key, values.get(key.path), seen, values))
  const steps = found.flatMap((one) => ('step' in one ? [one] : []))
  const moved = new Set(steps.flatMap(({ step }) => (step.effect.kind === 'value' ? step.effect.also : [])))
  const written = found.flatMap((one) => {
    if ('step' in one) return [one.step]
    if (!('same' in one)) return []
    if (one.same.value === undefined) return steps.length > 0 ? [write(one.key, one.same, values)] : []
    return moved.has(one.key.path) ? [write(one.key, one.same, values, 'moved by another wanted key, so it is written again')] : []
  })
  return {
    steps: written,
    warnings: found.flatMap((one) => ('warning' in one ? [one.warning] : [])),
    refused: found.flatMap((one) => ('refused' in one ? [one.refused] : [])),
  }
}

/** A write to one path, with the paths that the kernel moves with it. */
export function write(key: Pick<SysctlKey, 'path' | 'key' | 'value'>, live: Live, values: ReadonlyMap<string, Live>, note?: string): Step {
  const noUndo = live.value === undefined ? unread(live) : whyNoUndo(key.path, key.value)
  const change = {
    resource: 'sysctl',
    layer: 'live',
    at: key.key,
    ...(live.value === undefined ? {} : { before: live.value }),
    after: key.value,
    cause: 'new',
    ...(note === undefined ? {} : { note }),
  } as const
  const after = kernelForm(key.path, key.value, live.value ?? key.value)
  const effect = { kind: 'value', path: key.path, before: live.value ?? '', after, also: alsoMoved(key.path, values) } as const
  return { changes: [change], effect: noUndo === undefined ? effect : { ...effect, noUndo } }
}

type Found =
  | { readonly step: Step }
  | { readonly key: SysctlKey; readonly same: Live; readonly warning?: string }
  | { readonly refused: string }

function judge(key: SysctlKey, live: Live | undefined, seen: Seen, values: ReadonlyMap<string, Live>): Found {
  if (live === undefined) return { refused: `${key.key} was not looked at` }
  if (live.mode === 'missing') return missing(key, seen)
  if (live.mode === 'wo')
    return {
      key,
      same: live,
      warning: `${key.key} cannot be read (write-only): it is written only along with other changes, and never at boot`,
    } as Found
  const wrong = live.value === undefined ? undefined : wrongLength(key.path, live.value, key.value)
  if (wrong !== undefined) return { refused: `${key.key}: ${wrong}` }
  if (live.value !== undefined && sameValue(key.path, live.value, key.value, live.value)) return { key, same: live }
  if (live.mode === 'ro') return { refused: `${key.key} is read-only on this host; it holds ${live.value ?? 'what cannot be read'}` }
  return { step: write(key, live, values) }
}

/** A key that a loadable module brings: loaded and written as one command, which cannot be undone. */
function missing(key: SysctlKey, seen: Seen): Found {
  const name = moduleOf(key.path)
  if (name === undefined || moduleState(seen, name) !== 'loadable')
    return { refused: `no such key on this kernel: ${key.key}${nearest(key.path, seen)}` }
  return {
    step: {
      changes: [
        {
          resource: 'sysctl',
          layer: 'live',
          at: key.key,
          after: key.value,
          cause: 'new',
          note: `comes with the module ${name}, which is loaded`,
        },
      ],
      effect: {
        kind: 'once',
        layer: 'live',
        run: `modprobe ${name} && printf '%s\\n' ${quote(key.value)} > ${quote(key.path)}`,
        why: `${key.key} comes with the module ${name}; a loaded module is not unloaded again`,
      },
    },
  }
}

function unread(live: Live): string {
  return live.mode === 'wo' ? 'write-only' : 'no undo: it cannot be read before it is set'
}

/** The readable paths, of those that look brought back, that writing a path moves. */
function alsoMoved(path: string, values: ReadonlyMap<string, Live>): readonly string[] {
  const patterns = movedBy(path).map((pattern) => new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]+')}$`))
  return [...values].flatMap(([other, live]) =>
    other !== path && live.value !== undefined && live.mode === 'rw' && patterns.some((pattern) => pattern.test(other)) ? [other] : [],
  )
}
