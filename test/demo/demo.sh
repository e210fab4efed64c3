#!/bin/sh
# npm run demo: what a fresh clone needs, then the demo as root. Where something is missing, one sentence says what.
set -eu
cd "$(dirname "$0")/../.."

if [ "$(uname -s)" != Linux ]; then
  echo 'holdfast demo: its three hosts are Linux network namespaces, so it runs on Linux only: try it on a Debian machine or container (run as root).' >&2
  exit 1
fi
if [ "$(id -u)" = 0 ]; then
  as_root=
elif sudo -n true 2>/dev/null; then
  as_root="sudo -n env PATH=$PATH TERM=${TERM:-dumb} LANG=${LANG:-C.UTF-8} COLUMNS=${COLUMNS:-}"
else
  echo 'holdfast demo: its three hosts are network namespaces, which only root may make: run it as root, or run "sudo -v" first.' >&2
  exit 1
fi

sh test/setup.sh --no-root
$as_root node_modules/.bin/tsx test/lab/needs-cli.ts
exec $as_root node_modules/.bin/tsx test/demo/demo.ts "$@"
