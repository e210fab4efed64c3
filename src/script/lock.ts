import { quote } from '../quote.js'
import { lockRoot } from './facts.js'

/**
 * One run at a time on a host. The lock is a folder made by `mkdir` in /run (a reboot takes it away); its owner is a process, named by pid,
 * start time and boot id, so it is dead exactly when that process is. A dead one is broken by whoever first makes the token named after it.
 */
export const lockLibrary = `hf_root=${lockRoot}; hf_lock=$hf_root/lock
hf_start() { # pid -> its start time in ticks, empty when there is no such process
  hf_l=; { read -r hf_l < "/proc/$1/stat"; } 2>/dev/null || return 0
  hf_l=\${hf_l##*) }; set -f; set -- $hf_l; set +f; printf '%s' "\${20}"
}
hf_own() { # pid run who
  read -r hf_b < /proc/sys/kernel/random/boot_id
  printf '%s %s %s %s %s %s\\n' "$1" "$(hf_start "$1")" "$hf_b" "$2" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$3" > "$hf_lock/owner.new" && mv -f "$hf_lock/owner.new" "$hf_lock/owner"
}
hf_owner_alive() {
  hf_o=; { read -r hf_o < "$hf_lock/owner"; } 2>/dev/null || { [ -z "$(find "$hf_lock" -maxdepth 0 -mmin +1 2>/dev/null)" ]; return; }
  read -r hf_b < /proc/sys/kernel/random/boot_id
  set -f; set -- $hf_o; set +f
  [ "$3" = "$hf_b" ] && [ -n "$2" ] && [ "$(hf_start "$1")" = "$2" ]
}
hf_break() {
  set -f; set -- $hf_o; set +f
  hf_token=$hf_root/broken.\${1:-0}.\${2:-0}
  mkdir "$hf_token" 2>/dev/null || { [ -n "$(find "$hf_token" -maxdepth 0 -mmin +1 2>/dev/null)" ] && rmdir "$hf_token" 2>/dev/null; return 1; }
  if hf_owner_alive; then rmdir "$hf_token"; return 1; fi
  [ -e "$hf_lock/armed" ] && { hf_s broken; printf '%s\\n' "$hf_o"; }
  rm -rf "$hf_lock"; rmdir "$hf_token"
}
hf_take() { # run who seconds
  mkdir -p "$hf_root" || return 2
  hf_n=0
  until mkdir "$hf_lock" 2>/dev/null; do
    [ -d "$hf_root" ] || { hf_s failed; printf 'cannot make %s\\n' "$hf_lock"; return 2; }
    if ! hf_owner_alive && hf_break; then continue; fi
    [ $hf_n -lt "$3" ] || { hf_s locked; cat "$hf_lock/owner" 2>/dev/null; return 1; }
    sleep 1; hf_n=$((hf_n + 1))
  done
  hf_own $$ "$1" "$2" && printf '%s\\n' "$1" > "$hf_lock/run" || { hf_s failed; printf 'cannot write %s\\n' "$hf_lock"; rm -rf "$hf_lock"; return 2; }
}
hf_release() { rm -rf "$hf_lock"; }`

/** Takes the lock or ends the script, having said why. */
export function takeLock(run: string, who: string, timeout: number): string {
  return `hf_take ${quote(run)} ${quote(who)} ${Math.floor(timeout)} || { hf_s end; return 0; }`
}
