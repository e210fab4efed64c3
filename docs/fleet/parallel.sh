#!/bin/sh
# A fleet in shards under GNU parallel: each shard on one of the controllers named in the file `controllers` (one SSH login a line, `4/jump1`
# for four at once), on another one where it has to be tried again; then one report. The exit code is that of one run over all hosts.
# Every controller has this folder (inventory.yaml, playbooks/) at the same path, and `states` in it is shared by all of them (NFS).
set -eu
shards=${HOLDFAST_SHARDS:-8}

# 4: hosts were unreachable; 130, 137, 143: the controller was stopped. What else ends badly would end so again: the report tells it.
parallel --will-cite --sshloginfile controllers --retries 3 --joblog jobs.log --tagstring 'shard {}' --line-buffer \
	"cd '$PWD' && holdfast apply --shard {}/$shards --state states/\$(hostname)
	case \$? in 4|130|137|143) exit 75;; esac" ::: $(seq "$shards") || echo "shards given up, see jobs.log: $?" >&2

exec holdfast report merge states --since "${SINCE:-4h}" --out fleet.html
