#!/bin/sh
# Version: Slurm 22.05.8 (Debian 12: slurmctld, slurmd, slurm-client, slurm-wlm-basic-plugins 22.05.8-4+deb12u3).
#
# Behaviour: tasks of a job array are told the "index step size" of their array in SLURM_ARRAY_TASK_STEP. Of a list of
# indices it is 1, whatever the distances are, and of a list of ranges that of the last range, although SLURM_ARRAY_TASK_MIN,
# _MAX and _COUNT are those of all tasks. So (ID - MIN) / STEP, by which a task of `--array=1-7:2` finds which of how many it
# is, gives four tasks of `--array=1,3,5,7` the numbers 0, 2, 4 and 6: half of the work is done by nobody, and nothing fails.
# Whoever divides work by these variables has to see that MAX is MIN + STEP * (COUNT - 1), and that STEP divides ID - MIN.
#
# Output seen (--array: the last task's ID, then COUNT, MIN, MAX, STEP, and its number of COUNT by that formula):
#   1-7:2: ID 7, COUNT 4, MIN 1, MAX 7, STEP 2: number 3 of 4
#   1,3,5,7: ID 7, COUNT 4, MIN 1, MAX 7, STEP 1: number 6 of 4
#   1-3,5-9:2: ID 9, COUNT 6, MIN 1, MAX 9, STEP 2: number 4 of 6
#
# Unpacks pinned packages of Debian 12 into a temporary folder, runs a cluster of one node on ports of 127.0.0.1 (as root,
# without munge), for about a minute, and fails when the behaviour changes. Other libraries are those of the machine.
set -eu
folder=$(mktemp -d)
daemons=
trap 'for pid in $daemons; do kill "$pid" 2>/dev/null || true; done; wait; rm -rf "$folder"' EXIT
cd "$folder"
version=22.05.8-4+deb12u3
apt-get download -qq slurmctld=$version slurmd=$version slurm-client=$version slurm-wlm-basic-plugins=$version \
  libhwloc15=2.9.0-1 libnuma1=2.0.16-1 2>apt || { cat apt; exit 1; }
for package in *.deb; do dpkg-deb --extract "$package" .; done
libraries=$folder/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH="$libraries/slurm-wlm:$libraries" SLURM_CONF="$folder/slurm.conf"
mkdir state spool
host=$(hostname -s)
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
cat >slurm.conf <<CONF
ClusterName=finding
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(port)
SlurmdPort=$(port)
SlurmUser=root
AuthType=auth/none
CredType=cred/none
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
PluginDir=$libraries/slurm-wlm
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=1 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=10 State=UP
CONF
echo CgroupPlugin=cgroup/v1 >cgroup.conf
usr/sbin/slurmctld-wlm -D >slurmctld.log 2>&1 &
daemons=$!
sleep 2
usr/sbin/slurmd-wlm -D -d "$folder/usr/sbin/slurmstepd-wlm" >slurmd.log 2>&1 &
daemons="$daemons $!"
for _ in 1 2 3 4 5 6 7 8 9 10; do
  if usr/bin/sinfo --noheader --format=%T | grep -qx idle; then break; fi
  sleep 1
done
usr/bin/sinfo --version
cat >task <<'SH'
#!/bin/sh
id=$SLURM_ARRAY_TASK_ID count=$SLURM_ARRAY_TASK_COUNT min=$SLURM_ARRAY_TASK_MIN step=$SLURM_ARRAY_TASK_STEP
[ "$id" = "$SLURM_ARRAY_TASK_MAX" ] || exit 0
echo "ID $id, COUNT $count, MIN $min, MAX $SLURM_ARRAY_TASK_MAX, STEP $step: number $(((id - min) / step)) of $count"
SH
for array in 1-7:2 1,3,5,7 1-3,5-9:2; do
  usr/bin/sbatch --quiet --wait --array=$array --output=said-%a task || { cat slurmctld.log slurmd.log >&2; exit 1; }
  echo "$array: $(cat said-*)"
  rm said-*
done >found
cat found
cat >expected <<'TEXT'
1-7:2: ID 7, COUNT 4, MIN 1, MAX 7, STEP 2: number 3 of 4
1,3,5,7: ID 7, COUNT 4, MIN 1, MAX 7, STEP 1: number 6 of 4
1-3,5-9:2: ID 9, COUNT 6, MIN 1, MAX 9, STEP 2: number 4 of 6
TEXT
cmp expected found && echo "as described"
