import { quote } from '../quote.js'
import type { Effect, HostRecord } from '../types.js'
import { changesLive, type ScriptInput } from './act.js'
import { stateDir } from './facts.js'
import { lockLibrary, takeLock } from './lock.js'
import { asFunction, prelude } from './prelude.js'
import { commitFiles, type FileEffect, fileGuards, fileLibrary, stageFiles } from './stage.js'

/** How many runs a host keeps for `rollback`. */
const keptRuns = 5

/**
 * The third trip, on a new connection: confirm by a rename (which decides against the undo), put the boot files in place, write the record,
 * look again. Sections: `waiting` (act, an earlier settle or the undo is not done), `gone` (not ours, or no more: with the undo's note),
 * `failed`, `settled`; then, but after `waiting`, those of the look. It may be sent again at any time: what an earlier one did it finds.
 */
export function settleScript(input: ScriptInput, record: HostRecord, look: string, mark: string): string {
  const files = input.effects.filter((effect): effect is FileEffect => effect.kind === 'file')
  return asFunction(
    [
      prelude(mark),
      lockLibrary,
      fileLibrary,
      head(input, look),
      'hf_told && return 0',
      changesLive(input.effects) ? confirm(input) : alone(input, files),
      commitFiles(files),
      `hf_out=$(hf_commit_all 2>&1) || {
  { printf 'failed\\n%s\\n' "$hf_out"; [ ! -f "$hf_lock/kept" ] || sed 's/^/kept /' "$hf_lock/kept"; } > "$hf_root/ended.$hf_id"
  printf '%s\\n' "$hf_out" > "$hf_lock/why"
  [ ! -f "$hf_lock/undo.sh" ] || sh "$hf_lock/undo.sh" now
  hf_sweep "$hf_lock"; hf_told; return 0
}`,
      ...onceAtBoot(input.effects),
      keep(input, record),
      `echo settled > "$hf_root/ended.$hf_id"; hf_sweep "$hf_lock"; hf_told || { hf_s settled; hf_look; hf_s end; }`,
    ].join('\n'),
  )
}

/** What became of a run that was not confirmed in time: `waiting`, `gone`, `failed` or `settled`, as settle says it, but it confirms nothing. */
export function aftermathScript(input: ScriptInput, look: string, mark: string): string {
  return asFunction(
    [
      prelude(mark),
      lockLibrary,
      head(input, look),
      'hf_told && return 0',
      `if hf_ours; then
  if ! hf_dead || ! hf_inherit ${quote(input.run)} ${quote(input.who)}; then hf_s waiting; hf_s end; return 0; fi
  hf_release
fi
hf_gone`,
    ].join('\n'),
  )
}

/**
 * hf_told: says how this try ended, if it has. hf_gone: says that it holds no lock; its act, should it still wait, finds `void` and gives up
 * (who made `void` and then finds a lock that is not ours can be sure of it: act looks there after it has put its name into the lock).
 */
function head(input: ScriptInput, look: string): string {
  return `hf_id=${quote(input.attempt)}; hf_stale=; hf_store=never
hf_look() {
${look}
:
}
hf_told() {
  [ -f "$hf_root/ended.$hf_id" ] || return 1
  { read -r hf_x; hf_s "$hf_x"; while IFS= read -r hf_l; do printf '%s\\n' "$hf_l"; done; } < "$hf_root/ended.$hf_id"
  if [ "$hf_x" = settled ]; then hf_store=always
  elif [ -f "$hf_root/undone.$hf_id" ]; then hf_s undone; cat "$hf_root/undone.$hf_id"; fi
  hf_look; hf_s end
}
hf_gone() { hf_s gone; cat "$hf_root/undone.$hf_id" 2>/dev/null; hf_look; hf_s end; }`
}

/** Confirms the armed run, if it is ours and its act has read everything back; the lock's owner is then this script. */
function confirm(input: ScriptInput): string {
  const owner = `$$ ${quote(input.run)} ${quote(input.who)}`
  return `hf_n=0
until [ -e "$hf_lock/applied" ] || [ $hf_n -ge 5 ]; do
  hf_ours && [ -e "$hf_lock/armed" ] || break
  sleep 1; hf_n=$((hf_n + 1))
done
if ! hf_ours; then
  hf_told && return 0
  mkdir -p "$hf_root" && printf '' > "$hf_root/void.$hf_id"
  hf_ours || { hf_told || hf_gone; return 0; }
fi
if [ -e "$hf_lock/applied" ] && mv "$hf_lock/armed" "$hf_lock/confirmed" 2>/dev/null; then hf_own ${owner}
elif [ -e "$hf_lock/confirmed" ] && hf_dead && hf_ours; then hf_own_old ${owner} # a settle that died: this one goes on
else hf_s waiting; hf_s end; return 0; fi
hf_s confirmed`
}

/** Only boot files differ: the lock, the guards and the staging that act would have done. */
function alone(input: ScriptInput, files: readonly FileEffect[]): string {
  return `${takeLock(input.attempt, input.run, input.who, input.lockTimeout)}
if [ -f "$hf_root/ended.$hf_id" ]; then hf_release; hf_told; return 0; fi
${fileGuards(files)}
if [ -n "$hf_stale" ]; then hf_s stale; printf '%s' "$hf_stale"; hf_release; hf_s end; return 0; fi
${stageFiles(files)}
hf_out=$(hf_stage_all 2>&1) || { hf_s failed; printf '%s\\n' "$hf_out"; hf_sweep "$hf_lock"; hf_look; hf_s end; return 0; }
hf_s confirmed`
}

function onceAtBoot(effects: readonly Effect[]): readonly string[] {
  return effects.flatMap((effect) =>
    effect.kind === 'once' && effect.layer === 'boot'
      ? [`hf_out=$(sh -c ${quote(effect.run)} 2>&1) || { hf_s complaint; printf '%s: %s\\n' ${quote(effect.run)} "$hf_out"; }`]
      : [],
  )
}

/** The record, and the run's own effects for `rollback`. Memory: where it cannot be written that is said, and nothing else fails. */
function keep(input: ScriptInput, record: HostRecord): string {
  const runDir = `${stateDir}/runs/${input.run}`
  const memory = JSON.stringify({ run: input.run, at: record.at, who: input.who, effects: input.effects, ...input.memory })
  const effects = input.effects.length === 0 ? '' : `printf '%s\\n' ${quote(memory)} > ${quote(`${runDir}/effects.json`)} &&`
  return `hf_keep() {
  mkdir -p ${input.effects.length === 0 ? `${stateDir}/runs` : quote(runDir)} && ${effects}
  printf '%s\\n' ${quote(JSON.stringify(record))} > ${stateDir}/record.json.new && mv -f ${stateDir}/record.json.new ${stateDir}/record.json || return 1
  set -- ${stateDir}/runs/*
  [ $# -le ${keptRuns} ] || ls -1t ${stateDir}/runs | sed '1,${keptRuns}d' | while IFS= read -r hf_x; do rm -rf "${stateDir}/runs/$hf_x"; done
}
hf_out=$(hf_keep 2>&1) || { hf_s unrecorded; printf '%s\\n' "$hf_out"; rm -f ${stateDir}/record.json.new; }`
}
