import { quote } from '../quote.js'
import { lockRoot } from './facts.js'
import { asFunction, prelude } from './prelude.js'

/** A command of a play that changed something, and the seconds that it may take. */
export interface Afterwards {
  readonly run: string
  readonly timeout: number
}

/** How much of a command's output is brought back. */
const kept = 4000

/**
 * sh that runs the commands one after the other, until one fails. Each prints a section `on-change INDEX`: its exit status (or `late`) on a
 * line, then its output. Its output goes to a file, so that a service that it starts does not hold this connection open.
 */
export function onChangeScript(commands: readonly Afterwards[], mark: string): string {
  return asFunction(
    [
      prelude(mark),
      library,
      ...commands.map(({ run, timeout }, index) => `hf_afterwards ${index} ${timeout} ${quote(run)} || { hf_s end; return 0; }`),
      'hf_s end',
    ].join('\n'),
  )
}

const library = `hf_afterwards() { # INDEX SECONDS COMMAND
  hf_log=${lockRoot}/on-change.$$; mkdir -p ${lockRoot}
  # What it starts shall not inherit our mask and ignored signals. A group of its own, where that can be had, so that all of it can be ended.
  ( umask 022; trap - HUP PIPE; if hf_have setsid; then exec setsid sh -c "$3"; else exec sh -c "$3"; fi ) > "$hf_log" 2>&1 & hf_p=$!
  hf_t=0
  while kill -0 $hf_p 2>/dev/null && [ $hf_t -lt $(($2 * 10)) ]; do
    if sleep 0.1 2>/dev/null; then hf_t=$((hf_t + 1)); else sleep 1; hf_t=$((hf_t + 10)); fi
  done
  if kill -0 $hf_p 2>/dev/null; then
    kill -TERM -$hf_p 2>/dev/null || kill -TERM $hf_p 2>/dev/null; sleep 1
    kill -KILL -$hf_p 2>/dev/null || kill -KILL $hf_p 2>/dev/null
    wait $hf_p 2>/dev/null; hf_r=late
  else wait $hf_p; hf_r=$?; fi
  hf_s on-change $1; echo $hf_r; head -c ${kept} "$hf_log"; rm -f "$hf_log"
  [ $hf_r = 0 ]
}`
