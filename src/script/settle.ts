import { quote } from '../quote.js'
import type { Effect, HostRecord } from '../types.js'
import { changesLive, type ScriptInput } from './act.js'
import { chainLibrary } from './chains.js'
import { stateDir } from './facts.js'
import { lockLibrary, takeLock } from './lock.js'
import { asFunction, prelude } from './prelude.js'
import { commitFiles, type FileEffect, fileGuards, fileLibrary, stageFiles } from './stage.js'

/** How many runs a host keeps for `rollback`. */
const keptRuns = 5

/**
 * The third trip, on a new connection: confirm by a rename (which decides against the undo), put the boot files in place, write the record,
 * look again. Sections: `waiting` (act is not done), `gone` (the undo won, with what it did), `failed`, `settled`; then those of the look.
 */
export function settleScript(input: ScriptInput, record: HostRecord, look: string, mark: string): string {
  const files = input.effects.filter((effect): effect is FileEffect => effect.kind === 'file')
  return asFunction(
    [
      prelude(mark),
      chainLibrary,
      lockLibrary,
      fileLibrary,
      `hf_run=${quote(input.run)}; hf_stale=`,
      changesLive(input.effects) ? confirm(input) : alone(input, files),
      commitFiles(files),
      `hf_out=$(hf_commit_all 2>&1) || {
  hf_s failed; printf '%s\\n' "$hf_out"
  [ ! -f "$hf_lock/undo.sh" ] || { sh "$hf_lock/undo.sh" now; hf_s undone; cat "$hf_root/undone.$hf_run" 2>/dev/null; }
  hf_forget_all; hf_release; hf_s end; return 0
}`,
      ...onceAtBoot(input.effects),
      keep(input, record),
      'hf_forget_all; hf_release; hf_s settled',
      look,
      'hf_s end',
    ].join('\n'),
  )
}

/** Confirms the armed run, if it is ours and its act has read everything back; the lock's owner is then this script. */
function confirm(input: ScriptInput): string {
  return `hf_n=0
until [ -e "$hf_lock/applied" ] || [ $hf_n -ge 5 ]; do
  [ "$(cat "$hf_lock/run" 2>/dev/null)" = "$hf_run" ] || break
  [ -e "$hf_lock/armed" ] || break
  sleep 1; hf_n=$((hf_n + 1))
done
if [ "$(cat "$hf_lock/run" 2>/dev/null)" != "$hf_run" ]; then hf_s gone; cat "$hf_root/undone.$hf_run" 2>/dev/null; hf_s end; return 0; fi
if [ ! -e "$hf_lock/applied" ]; then hf_s waiting; hf_s end; return 0; fi
mv "$hf_lock/armed" "$hf_lock/confirmed" 2>/dev/null || { hf_s waiting; hf_s end; return 0; }
hf_own $$ "$hf_run" ${quote(input.who)}
hf_s confirmed`
}

/** Only boot files differ: the lock, the guards and the staging that act would have done. */
function alone(input: ScriptInput, files: readonly FileEffect[]): string {
  return `${takeLock(input.run, input.who, input.lockTimeout)}
${fileGuards(files)}
if [ -n "$hf_stale" ]; then hf_s stale; printf '%s' "$hf_stale"; hf_release; hf_s end; return 0; fi
${stageFiles(files)}
hf_out=$(hf_stage_all 2>&1) || {
  hf_s failed; printf '%s\\n' "$hf_out"
  [ ! -f "$hf_lock/staged" ] || while IFS= read -r hf_p; do rm -f "$hf_p"; done < "$hf_lock/staged"
  hf_release; hf_s end; return 0
}`
}

function onceAtBoot(effects: readonly Effect[]): readonly string[] {
  return effects.flatMap((effect) =>
    effect.kind === 'once' && effect.layer === 'boot'
      ? [`hf_out=$(sh -c ${quote(effect.run)} 2>&1) || { hf_s complaint; printf '%s\\n' "$hf_out"; }`]
      : [],
  )
}

/** The record, and the run's own effects for `rollback`. Memory: where it cannot be written that is said, and nothing else fails. */
function keep(input: ScriptInput, record: HostRecord): string {
  const runDir = `${stateDir}/runs/${input.run}`
  return `hf_keep() {
  mkdir -p ${quote(runDir)} && printf '%s\\n' ${quote(JSON.stringify({ run: input.run, at: record.at, who: input.who, effects: input.effects, ...input.memory }))} > ${quote(`${runDir}/effects.json`)} &&
  printf '%s\\n' ${quote(JSON.stringify(record))} > ${stateDir}/record.json.new && mv -f ${stateDir}/record.json.new ${stateDir}/record.json || return 1
  ls -1t ${stateDir}/runs | sed '1,${keptRuns}d' | while IFS= read -r hf_x; do rm -rf "${stateDir}/runs/$hf_x"; done
}
hf_out=$(hf_keep 2>&1) || { hf_s unrecorded; printf '%s\\n' "$hf_out"; rm -f ${stateDir}/record.json.new; }`
}
