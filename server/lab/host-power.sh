#!/bin/sh
# The power switch of one lab host: host-power.sh on|off|shutdown|status FOLDER
#
# A shell script, because the management controller's hook calls it at every status question and must answer in
# milliseconds. FOLDER has host.env (written by host-files.ts) and, while the host is on, `init`: "PID START-TIME" of
# the host's pid 1 as the machine sees it. The start time keeps a re-used PID from being taken for the host.
set -u
verb=$1
dir=$2
. "$dir/host.env"
here=$(dirname "$(readlink -f "$0")")
controllers="cpu cpuacct cpuset memory devices freezer blkio pids"

# Start time in clock ticks since boot, empty for a process that is gone or a zombie.
start_time_of() {
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  set -- ${stat##*) }
  [ "$1" = Z ] || [ "$1" = X ] || echo "${20}"
}

is_on() {
  [ -s "$dir/init" ] || return 1
  read -r pid started <"$dir/init"
  [ "$(start_time_of "$pid")" = "$started" ]
}

# The host's processes live below a cgroup of their own; the host sees it as the root (a cgroup namespace).
enter_cgroups() {
  if [ -d /sys/fs/cgroup/cpu ]; then
    for controller in $controllers; do
      group=/sys/fs/cgroup/$controller/$NETNS
      [ -d "/sys/fs/cgroup/$controller" ] || continue
      mkdir -p "$group"
      if [ "$controller" = cpuset ]; then
        # A new cpuset is empty, and nothing can enter it before it has processors and memory nodes.
        cat /sys/fs/cgroup/cpuset/cpuset.cpus >"$group/cpuset.cpus"
        cat /sys/fs/cgroup/cpuset/cpuset.mems >"$group/cpuset.mems"
        echo 1 >"$group/cgroup.clone_children"
      fi
      sh -c 'echo $PPID' >"$group/cgroup.procs"
    done
  elif [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p "/sys/fs/cgroup/$NETNS"
    for controller in cpu cpuset memory io pids; do echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control || :; done 2>/dev/null
    sh -c 'echo $PPID' >"/sys/fs/cgroup/$NETNS/cgroup.procs"
  fi
}

leave_cgroups() {
  for group in /sys/fs/cgroup/*/"$NETNS" /sys/fs/cgroup/"$NETNS"; do
    [ -d "$group" ] && find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
  done
  return 0
}

switch_on() {
  is_on && return 0
  rm -f "$dir/init"
  # Its cable was taken with its power; see switch_off.
  # A cable that somebody pulled stays pulled over a power cycle.
  [ -e "$dir/unplugged" ] || ip -n "$HUB" link set "$PORT" up
  (
    enter_cgroups
    exec setsid nsenter --net="/run/netns/$NETNS" \
      unshare --mount --uts --ipc --pid --fork --cgroup --propagation private \
      sh "$here/host-init.sh" "$dir" </dev/null >>"$dir/log/init.log" 2>&1 9>&-
  ) &
  tries=0
  until is_on; do
    tries=$((tries + 1))
    if [ "$tries" -gt 1000 ]; then
      echo "Host $NAME did not start within 20 s; its last words: $(tail -n 3 "$dir/log/init.log")" >&2
      return 1
    fi
    sleep 0.02
  done
}

switch_off() {
  # A host without power says nothing more: without this the kernel would still close its connections politely.
  ip -n "$HUB" link set "$PORT" down 2>/dev/null
  if is_on; then
    kill -9 "$pid"
    # The kernel ends every process of the PID namespace before its pid 1 disappears.
    tries=0
    while [ -n "$(start_time_of "$pid")" ]; do
      tries=$((tries + 1))
      if [ "$tries" -gt 1000 ]; then
        echo "Host $NAME was killed, but its pid 1 ($pid) is still there after 20 s." >&2
        return 1
      fi
      sleep 0.02
    done
  fi
  rm -f "$dir/init"
  leave_cgroups
}

# The power button: the host's init ends its daemons in order and then itself, and with that the power is off.
switch_shutdown() {
  is_on || return 0
  kill -TERM "$pid"
  tries=0
  while is_on; do
    tries=$((tries + 1))
    if [ "$tries" -gt 1500 ]; then
      echo "Host $NAME does not shut down" >&2
      return 1
    fi
    sleep 0.02
  done
  switch_off
}

case $verb in
status) is_on && echo on || echo off ;;
on | off | shutdown)
  # Two switches at once (an operator and a controller) must not start a host twice.
  exec 9>"$dir/power.lock"
  flock -w 30 9 || { echo "Host $NAME is being switched by somebody else for more than 30 s." >&2; exit 1; }
  "switch_$verb"
  ;;
*)
  echo "usage: host-power.sh on|off|shutdown|status FOLDER" >&2
  exit 64
  ;;
esac
