import { quote } from '../quote.js'
import type { Effect } from '../types.js'
import { chainLibrary } from './chains.js'
import { lockRoot, stateDir } from './facts.js'
import { undoAwk } from './undo-awk.js'

type ChainEffect = Extract<Effect, { kind: 'chain' }>
type ValueEffect = Extract<Effect, { kind: 'value' }>
interface Numbered<E> {
  readonly effect: E
  readonly index: number
}

/** The command of a family: `iptables`, `ip6tables`. */
export function toolOf(family: ChainEffect['family']): string {
  return family === 'ipv4' ? 'iptables' : 'ip6tables'
}

/** `ACCEPT` for a chain that the kernel makes (its state is never absent), else nothing. */
export function defaultPolicy(effect: ChainEffect): string {
  return effect.before?.policy !== undefined || effect.after?.policy !== undefined ? 'ACCEPT' : ''
}

/**
 * The program that puts a host back, written into the lock's folder before anything changes. `watch SECONDS` counts by sleeping (the clock
 * may jump) and fires unless `armed` was renamed by then; `start SECONDS` leaves one that watches behind; `now` fires at once. It works in
 * that folder by relative names, so that it can never touch a later run's lock, and needs no room on any disk. Each rule on its own: one that
 * fails stops no other. Its note says for each thing `same` (as before), `others` (ours is undone, others changed it too), `differs` (not undone), `stays` (cannot be undone).
 */
export function undoProgram(attempt: string, effects: readonly Effect[]): string {
  const numbered = effects.map((effect, index) => ({ effect, index }))
  const chains = numbered.filter((one): one is Numbered<ChainEffect> => one.effect.kind === 'chain').reverse()
  const values = numbered.filter((one): one is Numbered<ValueEffect> => one.effect.kind === 'value').reverse()
  return `hf_undo() {
trap '' HUP INT TERM PIPE
LC_ALL=C; PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin; export LC_ALL PATH; umask 077
hf_lock=${lockRoot}/lock; hf_note=${lockRoot}/undone.${attempt}; hf_tries=5
cd "$hf_lock" || return 1
${watch}
${chains.length === 0 ? '' : chainLibrary}
hf_awk=${quote(undoAwk)}
${backLibrary}
hf_new=.new; { printf '' > "$hf_note.new"; } 2>/dev/null || { hf_note=/dev/null; hf_new=; }
{
printf 'undone %s\\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
[ ! -f why ] || sed 's/^/why /' why
${[...values.map(undoValue), ...values.map(undoValue), ...undoChains(chains)].join('\n')}
${[...chains.map(checkChain), ...values.map(checkValue), ...numbered.flatMap(stays)].join('\n')}
for hf_x in staged ${stateDir}/staged; do
  [ ! -f "$hf_x" ] || while IFS= read -r hf_p; do case $hf_p in */.*.holdfast~) rm -f "$hf_p";; esac; done < "$hf_x"
done
rm -f ${stateDir}/staged
} > "$hf_note$hf_new" 2>&1
[ "$hf_note" = /dev/null ] || mv -f "$hf_note.new" "$hf_note"
[ "$1" = now ] || rm -rf "$hf_lock"
}
hf_undo "$@"
`
}

/**
 * Only one watcher counts, whichever way of starting it came first. Once `armed` is gone it stays until another process owns the lock, so that
 * the lock's owner never is dead in between; when it fires it lets a change that is just being made come to its end first.
 */
const watch = `case $1 in start|watch) # the first that makes this file
  set -C; { printf '' > watching; } 2>/dev/null || return 0; set +C
esac
case $1 in
  start) hf_undo watching "$2" & printf '%s\\n' $! > ready; return 0;;
  watch) printf '%s\\n' $$ > ready; set -- watching "$2";;
esac
if [ "$1" = watching ]; then
  hf_t=0
  while [ $hf_t -lt "$2" ] && [ -e armed ]; do
    hf_x=$(($2 - hf_t)); [ $hf_x -le 5 ] || hf_x=5
    sleep $hf_x; hf_t=$((hf_t + hf_x))
  done
  hf_t=0
  if [ ! -e armed ] || ! mv armed fired 2>/dev/null; then
    read -r hf_me < ready
    while [ $hf_t -lt 30 ] && { read -r hf_x hf_p < owner; } 2>/dev/null && [ "$hf_x" = "$hf_me" ]; do sleep 1; hf_t=$((hf_t + 1)); done
    return 0
  fi
  while [ $hf_t -lt 30 ] && { read -r hf_x < busy; } 2>/dev/null && kill -0 "$hf_x" 2>/dev/null; do sleep 1; hf_t=$((hf_t + 1)); done
fi`

/** hf_ops: what is still to be undone in a chain. hf_back: does it, as a whole where that goes, else rule by rule; looks again, four times. */
const backLibrary = `hf_ops() { # number tool table chain default
  hf_chain=$4; export hf_chain
  hf_state "$2" "$3" "$4" "$5" | awk "$hf_awk" "before.$1" "gone.$1" "came.$1" -
}
hf_one() { # tool table command...
  hf_tool=$1; hf_table=$2; shift 2
  hf_batch "$hf_tool" "$(printf '*%s\\n' "$hf_table"; printf '%s\\n' "$@"; echo COMMIT)"
}
hf_back() { # number tool table chain default
  for hf_i in 1 2 3 4; do
    hf_now=$(hf_ops "$@")
    [ -n "$hf_now" ] || return 0
    hf_one "$2" "$3" "$hf_now" >/dev/null 2>&1 || printf '%s\\n' "$hf_now" | while IFS= read -r hf_op; do
      hf_w=$(hf_one "$2" "$3" "$hf_op" 2>&1) || printf 'failed %s: %s\\n' "$hf_op" "$hf_w"
    done
  done
}`

/**
 * Chains that were removed stand again before anything can jump there, and those that were made go when nothing jumps there any more.
 * A policy opens before, and closes after, the rules are back.
 */
function undoChains(chains: readonly Numbered<ChainEffect>[]): readonly string[] {
  const made = chains.filter(({ effect }) => effect.before === null && defaultPolicy(effect) === '')
  const removed = chains.filter(({ effect }) => effect.after === null && defaultPolicy(effect) === '')
  const others = chains.filter((one) => !made.includes(one) && !removed.includes(one))
  const policy = (wanted: (policy: string) => boolean) =>
    others.flatMap(({ effect }) => {
      const before = effect.before?.policy ?? 'ACCEPT'
      return before !== (effect.after?.policy ?? 'ACCEPT') && wanted(before) ? [command(effect, `:${effect.chain} ${before} [0:0]`)] : []
    })
  return [
    ...removed.map(({ effect }) => `[ -n "$(hf_state ${place(effect)})" ] || ${command(effect, `-N ${effect.chain}`)}`),
    ...policy((before) => before === 'ACCEPT'),
    ...[...removed, ...others].map(({ effect, index }) => `hf_back ${index} ${place(effect)}`),
    ...policy((before) => before !== 'ACCEPT'),
    ...made.map(({ effect }) => `[ -z "$(hf_state ${place(effect)})" ] || ${command(effect, `-F ${effect.chain}`)}`),
    ...made.map(({ effect }) => `[ -z "$(hf_state ${place(effect)})" ] || ${command(effect, `-X ${effect.chain}`)}`),
  ]
}

/** The arguments of hf_state: tool, table, chain, default policy. */
function place(effect: ChainEffect): string {
  return `${toolOf(effect.family)} ${quote(effect.table)} ${quote(effect.chain)} ${quote(defaultPolicy(effect))}`
}

function command(effect: ChainEffect, text: string): string {
  return `hf_one ${toolOf(effect.family)} ${quote(effect.table)} ${quote(text)} || printf 'failed %s\\n' ${quote(text)}`
}

/** A value and those that moved with it; twice, since one of them may move others. */
function undoValue({ effect, index }: Numbered<ValueEffect>): string {
  if (effect.noUndo !== undefined) return ':'
  return savedValues(effect, index)
    .map(
      ([path, file]) =>
        `[ ! -f ${file} ] || [ "$(cat ${quote(path)})" = "$(cat ${file})" ] || cat ${file} > ${quote(path)} || printf 'failed %s\\n' ${quote(path)}`,
    )
    .join('\n')
}

function savedValues(effect: ValueEffect, index: number): readonly (readonly [string, string])[] {
  return [[effect.path, `before.${index}`], ...effect.also.map((path, at) => [path, `also.${index}.${at + 1}`] as const)]
}

function checkChain({ effect, index }: Numbered<ChainEffect>): string {
  const name = quote(`${effect.family} ${effect.table} ${effect.chain}`)
  const undone = effect.before === null && defaultPolicy(effect) === '' ? 'false' : `[ -z "$(hf_ops ${index} ${place(effect)})" ]`
  return `if [ "$(hf_state ${place(effect)})" = "$(cat before.${index})" ]; then printf 'same %s\\n' ${name}; elif ${undone}; then printf 'others %s\\n' ${name}; else printf 'differs %s\\n' ${name}; fi`
}

function checkValue({ effect, index }: Numbered<ValueEffect>): string {
  return savedValues(effect, index)
    .map(
      ([path, file]) =>
        `[ ! -f ${file} ] || if [ "$(cat ${quote(path)})" = "$(cat ${file})" ]; then printf 'same %s\\n' ${quote(path)}; else printf 'differs %s\\n' ${quote(path)}; fi`,
    )
    .join('\n')
}

/** What ran and cannot be taken back: marked in `ran.N` just before it ran. */
function stays({ effect, index }: Numbered<Effect>): readonly string[] {
  if (effect.kind === 'once' && effect.layer === 'live') return [`[ ! -f ran.${index} ] || printf 'stays %s\\n' ${quote(effect.why)}`]
  if (effect.kind !== 'value' || effect.noUndo === undefined) return []
  return [`[ ! -f ran.${index} ] || printf 'stays %s\\n' ${quote(`${effect.path}: ${effect.noUndo}`)}`]
}
