import { quote } from '../quote.js'
import { encodeBytes } from '../text.js'
import type { ChainState, Effect } from '../types.js'
import { cksum } from './cksum.js'
import { defaultPolicy, toolOf } from './undo.js'

type ChainEffect = Extract<Effect, { kind: 'chain' }>
type ValueEffect = Extract<Effect, { kind: 'value' }>

/** What the steps were made from must still be so: values, the order of the chains touched, the back end. */
export function guards(effects: readonly Effect[], backend: string): string {
  const chains = effects.filter((effect): effect is ChainEffect => effect.kind === 'chain')
  const values = readable(effects)
  return [
    chains.length === 0
      ? ''
      : `[ $hf_be = ${backend} ] || hf_stale="$hf_stale""the active back end of iptables is now $hf_be
"`,
    ...chains.map(
      (effect) =>
        `[ "$(${stateCommand(effect)} | cksum)" = ${quote(stateSum(effect.before, defaultPolicy(effect)))} ] || hf_stale="$hf_stale"${quote(`${effect.family} ${effect.table} ${effect.chain}`)}"
"`,
    ),
    readAll(values),
    ...values.map(
      (effect) =>
        `hf_is ${quote(effect.path)} ${quote(words(effect.before))} || hf_stale="$hf_stale"${quote(effect.path)}"
"`,
    ),
  ].join('\n')
}

/** The values that can be read again. */
export function readable(effects: readonly Effect[]): readonly ValueEffect[] {
  return effects.filter((effect): effect is ValueEffect => effect.kind === 'value' && effect.noUndo !== 'write-only')
}

/** Reads them all by one process, for `hf_is`, `hf_word` and `hf_save`. */
export function readAll(values: readonly ValueEffect[]): string {
  return values.length === 0 ? ':' : `hf_read ${values.map(({ path }) => quote(path)).join(' ')}`
}

function stateCommand(effect: ChainEffect): string {
  return `hf_state ${toolOf(effect.family)} ${quote(effect.table)} ${quote(effect.chain)} ${quote(defaultPolicy(effect))}`
}

/** What hf_state prints for a chain, as text. */
export function stateText(state: ChainState | null, fallback: string): string {
  if (state === null) return `${fallback}\n`
  return `${[state.policy ?? '-', ...state.lines].join('\n')}\n`
}

function stateSum(state: ChainState | null, fallback: string): string {
  return cksum(encodeBytes(stateText(state, fallback)))
}

function words(value: string): string {
  return value
    .trim()
    .split(/[ \t\n]+/)
    .join(' ')
}

/** Exit codes prove nothing: every chain and value is read again, and what reads back wrong fires the undo at once. */
export function readBack(effects: readonly Effect[]): string {
  const lines = effects.flatMap((effect) => {
    if (effect.kind === 'chain')
      return [
        `[ "$(${stateCommand(effect)} | cksum)" = ${quote(stateSum(effect.after, defaultPolicy(effect)))} ] || hf_wrong="$hf_wrong"${quote(`${effect.family} ${effect.table} ${effect.chain}`)}" reads back otherwise; "`,
      ]
    if (effect.kind === 'value' && effect.noUndo !== 'write-only')
      return [
        `hf_is ${quote(effect.path)} ${quote(words(effect.after))} || hf_wrong="$hf_wrong"${quote(`${effect.path} was set to ${words(effect.after)} and reads back `)}"$(hf_word ${quote(effect.path)}); "`,
      ]
    return []
  })
  return `hf_wrong=
${readAll(readable(effects))}
${lines.join('\n')}
if [ -n "$hf_wrong" ]; then hf_why=$hf_wrong; hf_return; return 0; fi`
}
