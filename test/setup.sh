#!/bin/sh
# What a fresh clone needs before the tests or the demo: the npm packages, the Debian packages of the lab (when root), the build.
# --no-root: leave the Debian packages out; the unit tests need none.
set -eu
cd "$(dirname "$0")/.."

if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo 'setup: npm packages'
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
fi

if [ "${1:-}" != --no-root ]; then
  node_modules/.bin/tsx test/lab/needs-cli.ts
fi

npm run --silent build
