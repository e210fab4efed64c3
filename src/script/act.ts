import { quote } from '../quote.js'
import { pairLines } from '../resources/iptables/edits.js'
import type { Change, Effect, RecordItem } from '../types.js'
import { restoreBatches } from './batches.js'
import { chainLibrary, rulesNow, valueLibrary } from './chains.js'
import { guards, readAll, readable, readBack, stateText } from './guards.js'
import { lockLibrary, takeLock } from './lock.js'
import { asFunction, prelude } from './prelude.js'
import { type RehearsalInput, rehearsal, toolsOf } from './rehearse.js'
import { type FileEffect, fileGuards, fileLibrary, stageFiles } from './stage.js'
import { defaultPolicy, undoProgram } from './undo.js'

/** What the scripts of one host's run are made of; plain data, so that a kept plan can hold it and the scripts can be made again. */
export interface ScriptInput {
  readonly run: string
  /** Names this one try of the run on this host, and nothing else: two names of one machine must not take each other's end for theirs. */
  readonly attempt: string
  /** Who holds the lock, for whoever meets it: `kim@jump1`. */
  readonly who: string
  readonly effects: readonly Effect[]
  /** Seconds from arming to the undo, and of waiting for the lock. */
  readonly confirmTimeout: number
  readonly lockTimeout: number
  readonly rehearsal: RehearsalInput
  readonly backend: string
  readonly memory: RunMemory
}

/** What a host keeps of a run beside its effects, for `rollback`. */
export interface RunMemory {
  /** By effect: what a person reads of it. */
  readonly changes: readonly (readonly Change[])[]
  /** By resource and id: what the record held of the things changed before the run; null = nothing. */
  readonly previous: Readonly<Record<string, Readonly<Record<string, RecordItem | null>>>>
  /** The run that this one takes back. */
  readonly rollbackOf?: string
}

type ChainEffect = Extract<Effect, { kind: 'chain' }>

/** Whether anything of the running kernel changes; if not, settle runs alone. */
export function changesLive(effects: readonly Effect[]): boolean {
  return effects.some((effect) => effect.kind === 'chain' || effect.kind === 'value' || (effect.kind === 'once' && effect.layer === 'live'))
}

/**
 * The second trip: lock, guards, staging, rehearsal, arming the undo, the changes, reading back. Its sections tell how far it came: `locked`,
 * `stale`, `failed`, `refused`, `undone`, `fired`, `applied` (with the seconds since arming). It goes on when its connection dies: what decides
 * is the confirmation; only where that is known before arming, or where a settle gave it up (`void`), it changes nothing.
 */
export function actScript(input: ScriptInput, mark: string): string {
  const files = input.effects.filter((effect): effect is FileEffect => effect.kind === 'file')
  return asFunction(
    [
      prelude(mark),
      lockLibrary,
      fileLibrary,
      `hf_id=${quote(input.attempt)}`,
      takeLock(input.attempt, input.run, input.who, input.lockTimeout),
      ...(input.effects.some(({ kind }) => kind === 'chain') ? [rulesNow(toolsOf(input.rehearsal)), chainLibrary] : ['hf_rw=']),
      valueLibrary,
      giveUpLibrary(input),
      guards(input.effects, input.backend),
      fileGuards(files),
      `if [ -n "$hf_stale" ]; then hf_s stale; printf '%s' "$hf_stale"; hf_quit; return 0; fi`,
      stageFiles(files),
      `hf_out=$(hf_stage_all 2>&1) || { hf_s failed; printf '%s\\n' "$hf_out"; hf_quit; return 0; }`,
      rehearsal(input.rehearsal),
      'hf_rehearse_all || { hf_quit; return 0; }',
      'if [ -e "$hf_root/void.$hf_id" ] || ! hf_s arming 2>/dev/null; then hf_quit; return 0; fi',
      arm(input),
      changes(input),
      'hf_change_all || { hf_return; return 0; }',
      readBack(input.effects),
      `hf_up; { printf '' > "$hf_lock/applied"; } 2>/dev/null
if [ -e "$hf_lock/armed" ]; then hf_s applied; printf '%s\\n' $((hf_u - hf_armed)); else hf_s fired; fi
hf_s end`,
    ].join('\n'),
  )
}

/** Ways out: before the first change (hf_quit), and after it, by the undo at once (hf_return); and how one change is made (hf_step). */
function giveUpLibrary(input: ScriptInput): string {
  const wait = Math.min(10, Math.max(1, Math.floor(input.confirmTimeout / 3)))
  return `[ -z "$hf_rw" ] || hf_rw='-w ${wait}'
hf_up() { read -r hf_u hf_x < /proc/uptime; hf_u=\${hf_u%%.*}; }
hf_quit() { hf_sweep "$hf_lock"; hf_s end; }
hf_return() { # hf_why says why
  hf_s failed; printf '%s\\n' "$hf_why"
  printf '%s\\n' "$hf_why" > "$hf_lock/why"
  if mv "$hf_lock/armed" "$hf_lock/fired" 2>/dev/null; then
    hf_own $$ ${quote(input.run)} ${quote(input.who)}; sh "$hf_lock/undo.sh" now
    hf_s undone; cat "$hf_root/undone.$hf_id" 2>/dev/null
    hf_release
  else hf_s fired; fi
  hf_s end
}
hf_step() { # label command...: a change begins only while the undo is armed, and the undo waits until it has ended
  hf_label=$1; shift
  printf '%s\\n' $$ > "$hf_lock/busy"
  [ -e "$hf_lock/armed" ] || { printf '' > "$hf_lock/busy"; hf_why="the undo fired before $hf_label"; return 1; }
  "$@" > "$hf_lock/said" 2>&1 || { hf_why="$hf_label: $(cat "$hf_lock/said")"; printf '' > "$hf_lock/busy"; return 1; }
  printf '' > "$hf_lock/busy"
}
# dash's own printf calls every refused value an I/O error: cat then says why
hf_put() { { printf '%s\\n' "$2" > "$1"; } 2>/dev/null || printf '%s\\n' "$2" | cat > "$1"; }`
}

/** Writes what the undo needs into the lock's folder, starts it where it outlives this connection, and waits for its ready mark. */
function arm(input: ScriptInput): string {
  const data = input.effects.flatMap((effect, index) => {
    if (effect.kind === 'chain') return chainData(effect, index)
    if (effect.kind === 'value')
      return effect.noUndo === 'write-only'
        ? []
        : [
            `hf_save ${quote(effect.path)} > "$hf_lock/before.${index}"`,
            ...effect.also.map((path, at) => `[ ! -r ${quote(path)} ] || cat ${quote(path)} > "$hf_lock/also.${index}.${at + 1}"`),
          ]
    return []
  })
  const seconds = Math.floor(input.confirmTimeout)
  return `hf_arm() {
${[readAll(readable(input.effects)), ...data, `printf '%s' ${quote(undoProgram(input.attempt, input.effects))} > "$hf_lock/undo.sh"`, `printf '' > "$hf_lock/armed"`].map((line) => `${line} || return 1`).join('\n')}
for hf_way in systemd-run setsid nohup plain; do
  case $hf_way in
    systemd-run) # keeps what it started only while that lives: so the watch itself
      [ -d /run/systemd/system ] && hf_have systemd-run || continue
      hf_t=; ! hf_have timeout || hf_t='timeout 5'
      $hf_t systemd-run --quiet --collect --property=TimeoutStopSec=1 --unit="holdfast-undo-$hf_id" /bin/sh "$hf_lock/undo.sh" watch ${seconds} </dev/null >/dev/null 2>&1 || continue;;
    setsid) hf_have setsid || continue
      setsid sh "$hf_lock/undo.sh" start ${seconds} </dev/null >/dev/null 2>&1;;
    nohup) hf_have nohup || continue
      nohup sh "$hf_lock/undo.sh" start ${seconds} </dev/null >/dev/null 2>&1;;
    plain) sh "$hf_lock/undo.sh" start ${seconds} </dev/null >/dev/null 2>&1;;
  esac
  hf_n=0
  while [ ! -s "$hf_lock/ready" ] && [ $hf_n -lt 60 ]; do sleep 0.05 2>/dev/null || sleep 1; hf_n=$((hf_n + 1)); done
  [ ! -s "$hf_lock/ready" ] || break
done
[ -s "$hf_lock/ready" ] || { echo 'the undo did not start'; return 1; }
read -r hf_undo < "$hf_lock/ready" && hf_own "$hf_undo" ${quote(input.run)} ${quote(input.who)}
}
hf_up; hf_armed=$hf_u
hf_arm > "$hf_lock/arming" 2>&1 || { hf_s failed; echo 'the undo could not be armed, so nothing was changed:'; cat "$hf_lock/arming"; rm -f "$hf_lock/armed"; hf_quit; return 0; }
hf_s armed`
}

/** The chain before, the numbers of its lines that go (or move), and the texts that come: what the undo works from. */
function chainData(effect: ChainEffect, index: number): readonly string[] {
  const before = effect.before?.lines ?? []
  const after = effect.after?.lines ?? []
  const pairs = pairLines(before, after)
  const kept = new Set(pairs.map(([at]) => at))
  const stayed = new Set(pairs.map(([, at]) => at))
  const gone = before.flatMap((_, at) => (kept.has(at) ? [] : [`${at + 1}\n`]))
  const came = after.flatMap((line, at) => (stayed.has(at) ? [] : [`${line}\n`]))
  return [
    `printf '%s' ${quote(stateText(effect.before, defaultPolicy(effect)))} > "$hf_lock/before.${index}"`,
    `printf '%s' ${quote(gone.join(''))} > "$hf_lock/gone.${index}"`,
    `printf '%s' ${quote(came.join(''))} > "$hf_lock/came.${index}"`,
  ]
}

/** hf_change_all: modules and commands, then one batch per family and table, then values in the plan's order; ends at the first that fails. */
function changes(input: ScriptInput): string {
  const numbered = input.effects.map((effect, index) => ({ effect, index }))
  const once = numbered.flatMap(({ effect, index }) =>
    effect.kind === 'once' && effect.layer === 'live'
      ? [`printf '' > "$hf_lock/ran.${index}"`, `hf_step ${quote(effect.run)} sh -c ${quote(effect.run)}`]
      : [],
  )
  const batches = restoreBatches(input.effects).flatMap((batch) => [
    `hf_step ${quote(`${batch.tool} ${batch.table}`)} hf_batch ${batch.tool} ${quote(batch.text)}`,
  ])
  const values = numbered.flatMap(({ effect, index }) =>
    effect.kind === 'value'
      ? [
          ...(effect.noUndo === undefined ? [] : [`printf '' > "$hf_lock/ran.${index}"`]),
          `hf_step ${quote(effect.path)} hf_put ${quote(effect.path)} ${quote(effect.after)}`,
        ]
      : [],
  )
  const lines = [...once, ...batches, ...values].map((line) => `${line} || return 1`)
  return `hf_change_all() {\n${[...lines, ':'].join('\n')}\n}`
}
