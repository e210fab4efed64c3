import { quote } from '../quote.js'
import { lockRoot, stateDir } from './facts.js'

/**
 * One run at a time on a host. The lock is a folder made by `mkdir` in /run (a reboot takes it away); its owner is a process, named by pid,
 * start time and boot id, so it is dead exactly when that process is. A dead one's lock is never removed but taken over, by whoever first makes
 * the token named after that owner: so nobody can remove a lock that a third one has made in the meantime. An unconfirmed run that died
 * (its undo was killed) is undone first; hf_broken then says that the host has moved.
 */
export const lockLibrary = `hf_root=${lockRoot}; hf_lock=$hf_root/lock; hf_broken=
hf_start() { # pid -> hf_st: its start time in ticks, empty when there is no such process; a zombie is dead
  hf_st=; hf_l=; { read -r hf_l < "/proc/$1/stat"; } 2>/dev/null || return 0
  hf_l=\${hf_l##*) }; set -f; set -- $hf_l; set +f
  case $1 in Z|X) ;; *) hf_st=\${20};; esac
}
# A run has its lock since it took it. Who reads a file that is just being written finds no line in it, and takes the owner of a fresh lock for
# alive (hf_dead); where the lock may be old, the line is put in place by rename.
hf_own() { # pid run who [suffix of the file's name]
  { read -r hf_x hf_x hf_x hf_b hf_t hf_x < "$hf_lock/owner"; } 2>/dev/null && [ "$hf_b" = "$2" ] || hf_t=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  read -r hf_b < /proc/sys/kernel/random/boot_id
  hf_start "$1"
  printf '%s %s %s %s %s %s\\n' "$1" "$hf_st" "$hf_b" "$2" "$hf_t" "$3" > "$hf_lock/owner\${4:-}"
}
hf_own_old() { # pid run who
  hf_own "$1" "$2" "$3" .new && mv -f "$hf_lock/owner.new" "$hf_lock/owner"
}
hf_this_boot() { # owner line
  read -r hf_b < /proc/sys/kernel/random/boot_id
  set -f; set -- $1; set +f; [ "\${3:-}" = "$hf_b" ]
}
hf_alive() { # owner line
  hf_this_boot "$1" || return 1
  set -f; set -- $1; set +f; [ -n "\${2:-}" ] && hf_start "$1" && [ "$hf_st" = "$2" ]
}
hf_aged() { [ -n "$(find "$1" -maxdepth 0 -mmin +1 2>/dev/null)" ]; }
hf_dead() { # is the lock's owner (then in hf_o) dead?
  hf_o=
  if { read -r hf_o < "$hf_lock/owner"; } 2>/dev/null; then ! hf_alive "$hf_o"; else hf_aged "$hf_lock"; fi
}
hf_sweep() { # [LOCK]: removes staged files, the list of them, and the lock last; only names of our own making
  hf_last=\${1:-}; set --
  for hf_p in "$hf_lock/staged" ${stateDir}/staged; do
    [ ! -f "$hf_p" ] || while IFS= read -r hf_x; do
      case $hf_x in */.*.holdfast~|*/.*.holdfast.old~) if [ -L "$hf_x" ] || { [ -e "$hf_x" ] && [ ! -d "$hf_x" ]; }; then set -- "$@" "$hf_x"; fi;; esac
    done < "$hf_p"
  done
  [ ! -e ${stateDir}/staged ] || set -- "$@" ${stateDir}/staged
  if [ -d /etc/holdfast ]; then # the loader's folder, when its last file went
    [ $# = 0 ] || rm -f "$@"
    set --; rmdir /etc/holdfast 2>/dev/null || :
  fi
  [ -z "$hf_last" ] || set -- "$@" "$hf_last"
  [ $# = 0 ] || rm -rf "$@"
}
hf_inherit() { # run who: takes a dead owner's lock over
  hf_dead_one=$hf_o; set -f; set -- "$1" "$2" $hf_o; set +f
  hf_token=$hf_root/broken.\${3:-0}.\${4:-0}
  mkdir "$hf_token" 2>/dev/null || { hf_aged "$hf_token" && rmdir "$hf_token"; return 1; }
  hf_dead && [ "$hf_o" = "$hf_dead_one" ] && hf_own_old $$ "$1" "$2" || { rmdir "$hf_token"; return 1; }
  rmdir "$hf_token"
  if hf_this_boot "$hf_dead_one" && { mv "$hf_lock/armed" "$hf_lock/fired" || [ -e "$hf_lock/fired" ]; } 2>/dev/null; then
    hf_s broken; printf '%s\\n' "$hf_dead_one"; sh "$hf_lock/undo.sh" now; hf_broken=1
  fi
  hf_sweep
  for hf_x in "$hf_lock"/*; do case $hf_x in */owner) ;; *) rm -rf "$hf_x";; esac; done
}
hf_no_lock() { hf_s failed; printf 'no lock could be made: %s\\n' "$1"; return 1; }
hf_take() { # attempt run who seconds
  [ -d "$hf_root" ] || hf_w=$(mkdir -p "$hf_root" 2>&1) || { hf_no_lock "$hf_w"; return 1; }
  hf_n=0; hf_m=0
  until hf_w=$(mkdir "$hf_lock" 2>&1); do
    if [ ! -d "$hf_lock" ]; then
      [ $hf_m -lt 20 ] || { hf_no_lock "$hf_w"; return 1; }
      hf_m=$((hf_m + 1)); continue
    fi
    if hf_dead && hf_inherit "$2" "$3"; then break; fi
    [ $hf_n -lt "$4" ] || { hf_s locked; cat "$hf_lock/owner" 2>/dev/null; return 1; }
    sleep 1; hf_n=$((hf_n + 1))
  done
  hf_w=$( { hf_own $$ "$2" "$3" && printf '%s\\n' "$1" > "$hf_lock/run"; } 2>&1) || { rm -rf "$hf_lock"; hf_no_lock "$hf_w"; return 1; }
  hf_sweep
  set -- "$hf_root"/undone.* "$hf_root"/ended.*
  [ $# -lt 30 ] || ls -1t "$hf_root" | grep -E '^(undone|ended|void)[.]' | sed 1,30d | while IFS= read -r hf_x; do rm -f "$hf_root/$hf_x"; done
}
hf_ours() { { read -r hf_x < "$hf_lock/run"; } 2>/dev/null && [ "$hf_x" = "$hf_id" ]; }
hf_release() { rm -rf "$hf_lock"; }`

/** Takes the lock or ends the script, having said why. `attempt` names this try of this run on this host, and nothing else. */
export function takeLock(attempt: string, run: string, who: string, timeout: number): string {
  return `hf_take ${quote(attempt)} ${quote(run)} ${quote(who)} ${Math.floor(timeout)} || { hf_s end; return 0; }
hf_stale=\${hf_broken:+'a run that had died unconfirmed was undone first
'}`
}
