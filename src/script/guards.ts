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
        `${reads(`printf '%s\\n' "$hf_now_${toolOf(effect.family)}" | hf_of ${placeOf(effect)}`, effect.before, effect)} || hf_stale="$hf_stale"${quote(`${effect.family} ${effect.table} ${effect.chain}`)}"
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

/** The arguments of hf_of: table, chain, default policy. */
function placeOf(effect: ChainEffect): string {
  return `${quote(effect.table)} ${quote(effect.chain)} ${quote(defaultPolicy(effect))}`
}

/** A test that a command prints this state: by its text where that is short, else by its digest. */
function reads(command: string, state: ChainState | null, effect: ChainEffect): string {
  const text = stateText(state, defaultPolicy(effect))
  if (text.length > 2_000) return `[ "$(${command} | cksum)" = ${quote(cksum(encodeBytes(text)))} ]`
  return `[ "$(${command}; echo .)" = ${quote(`${text}.`)} ]`
}

/** What hf_of prints for a chain, as text. */
export function stateText(state: ChainState | null, fallback: string): string {
  if (state === null) return `${fallback}\n`
  return `${[state.policy ?? '-', ...state.lines].join('\n')}\n`
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
        `${reads(`hf_state ${toolOf(effect.family)} ${placeOf(effect)}`, effect.after, effect)} || hf_wrong="$hf_wrong"${quote(`${effect.family} ${effect.table} ${effect.chain}`)}" reads back otherwise; "`,
      ]
    if (effect.kind === 'value' && effect.noUndo !== 'write-only')
      return [
        `hf_is ${quote(effect.path)} ${quote(words(effect.after))} || { hf_word ${quote(effect.path)}; hf_wrong="$hf_wrong"${quote(`${effect.path} was set to ${words(effect.after)} and reads back `)}"$hf_w; "; }`,
      ]
    return []
  })
  return `hf_wrong=
${readAll(readable(effects))}
${lines.join('\n')}
if [ -n "$hf_wrong" ]; then hf_why=$hf_wrong; hf_return; return 0; fi`
}
