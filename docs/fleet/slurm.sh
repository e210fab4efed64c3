#!/bin/bash
# A fleet in shards as a Slurm array: sbatch docs/fleet/slurm.sh, in a folder with inventory.yaml and playbooks/ that all nodes see.
# Without gaps in the array: 0-7, or 1-8. More shards than nodes: 0-63%16.
#SBATCH --job-name=holdfast
#SBATCH --array=0-7
#SBATCH --time=01:00:00
#SBATCH --output=holdfast-%A_%a.log
#SBATCH --open-mode=append
#SBATCH --requeue
# Two minutes before the time is up: no further host is started, those under way are finished.
#SBATCH --signal=B:TERM@120

holdfast apply --shard auto --state "states/$SLURM_ARRAY_TASK_ID" --max-fail-percentage 10 &
controller=$!
trap 'kill -TERM "$controller"' TERM INT
wait "$controller"
code=$?
# A signal ends the wait, and not yet the controller.
while kill -0 "$controller" 2>/dev/null; do
	wait "$controller"
	code=$?
done

# 4: hosts were unreachable; 130, 137, 143: stopped. The same shard begins again, at most three times.
case $code in
4 | 130 | 137 | 143)
	if [ "${SLURM_RESTART_COUNT:-0}" -lt 3 ]; then
		scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
	fi
	;;
esac
exit "$code"
