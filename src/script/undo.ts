import { quote } from '../quote.js'
import type { Effect } from '../types.js'
import { chainLibrary, undoAwk } from './chains.js'
import { lockRoot } from './facts.js'

type ChainEffect = Extract<Effect, { kind: 'chain' }>
type ValueEffect = Extract<Effect, { kind: 'value' }>

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
 * may jump) and fires unless `armed` was renamed by then; `now` fires at once. Each rule on its own: one that fails stops no other.
 */
export function undoProgram(run: string, effects: readonly Effect[]): string {
  const live = effects.flatMap((effect, index) => (effect.kind === 'chain' || effect.kind === 'value' ? [{ effect, index }] : []))
  const steps = [...live]
    .reverse()
    .map(({ effect, index }) => (effect.kind === 'chain' ? undoChain(effect, index) : undoValue(effect, index)))
  const checks = live.map(({ effect, index }) => (effect.kind === 'chain' ? checkChain(effect, index) : checkValue(effect, index)))
  return `hf_undo() {
trap '' HUP INT TERM PIPE
LC_ALL=C; PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin; export LC_ALL PATH; umask 077
hf_lock=${lockRoot}/lock; hf_note=${lockRoot}/undone.${run}
cd "$hf_lock" || return 1
if [ "$1" = watch ]; then
  printf '%s\\n' $$ > ready.new && mv -f ready.new ready
  hf_t=0
  while [ $hf_t -lt "$2" ]; do sleep 1; hf_t=$((hf_t + 1)); [ -e "$hf_lock/armed" ] || return 0; done
  mv armed fired 2>/dev/null || return 0
fi
${chainLibrary}
hf_awk=${quote(undoAwk)}
hf_back() { # number tool table chain default
  hf_chain=$4; export hf_chain
  hf_state "$2" "$3" "$4" "$5" > "now.$1"
  [ -n "$(head -n 1 "now.$1")" ] || { printf '*%s\\n-N %s\\nCOMMIT\\n' "$3" "$4" | hf_batch "$2"; printf -- '-\\n' > "now.$1"; }
  awk "$hf_awk" "before.$1" "gone.$1" "came.$1" "now.$1" > "ops.$1"
  while IFS= read -r hf_op; do
    printf '*%s\\n%s\\nCOMMIT\\n' "$3" "$hf_op" | hf_batch "$2" || printf 'failed %s\\n' "$hf_op"
  done < "ops.$1"
}
{
printf 'undone %s\\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
${steps.join('\n')}
${checks.join('\n')}
[ ! -f staged ] || while IFS= read -r hf_p; do rm -f "$hf_p"; done < staged
} > "$hf_note.new" 2>&1
mv -f "$hf_note.new" "$hf_note"
[ "$1" != watch ] || rm -rf "$hf_lock"
}
hf_undo "$@"
`
}

function undoChain(effect: ChainEffect, index: number): string {
  const tool = toolOf(effect.family)
  const table = quote(effect.table)
  const chain = quote(effect.chain)
  if (effect.before === null)
    return `printf '*%s\\n-F %s\\n-X %s\\nCOMMIT\\n' ${table} ${chain} ${chain} | hf_batch ${tool} || printf 'failed to remove the chain %s\\n' ${chain}`
  const back = `hf_back ${index} ${tool} ${table} ${chain} ${quote(defaultPolicy(effect))}`
  if (effect.before.policy === undefined || effect.before.policy === effect.after?.policy) return back
  return `${tool} $hf_iw -t ${table} -P ${chain} ${quote(effect.before.policy)}\n${back}`
}

function undoValue(effect: ValueEffect, index: number): string {
  if (effect.noUndo !== undefined) return ':'
  const paths = [effect.path, ...effect.also]
  return paths
    .map((path, at) => {
      const file = at === 0 ? `before.${index}` : `also.${index}.${at}`
      return `[ ! -f ${file} ] || [ "$(cat ${quote(path)})" = "$(cat ${file})" ] || cat ${file} > ${quote(path)} || printf 'failed %s\\n' ${quote(path)}`
    })
    .join('\n')
}

function checkChain(effect: ChainEffect, index: number): string {
  const tool = toolOf(effect.family)
  const name = quote(`${effect.family} ${effect.table} ${effect.chain}`)
  return `if [ "$(hf_state ${tool} ${quote(effect.table)} ${quote(effect.chain)} ${quote(defaultPolicy(effect))})" = "$(cat before.${index})" ]; then printf 'same %s\\n' ${name}; else printf 'differs %s\\n' ${name}; fi`
}

function checkValue(effect: ValueEffect, index: number): string {
  if (effect.noUndo !== undefined) return `printf 'differs %s\\n' ${quote(effect.path)}`
  return `if [ "$(cat ${quote(effect.path)})" = "$(cat before.${index})" ]; then printf 'same %s\\n' ${quote(effect.path)}; else printf 'differs %s\\n' ${quote(effect.path)}; fi`
}
