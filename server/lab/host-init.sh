#!/bin/sh
# Pid 1 of a lab host, started by host-power.sh inside fresh namespaces: makes the machine's folders into the host's
# own, then keeps the host's daemons running as an init system would.
set -u
dir=$1
. "$dir/host.env"

# /proc is still the machine's here, so this is the PID that the machine knows us by.
read -r stat </proc/self/stat
pid=${stat%% *}
set -- ${stat##*) }
echo "$pid ${20}" >"$dir/init.new"
mv "$dir/init.new" "$dir/init"

set -e
hostname "$NAME"
mount -t proc proc /proc
umount -l /sys
mount -t sysfs sysfs /sys
if [ "$CGROUPS" = v1 ]; then
  mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
  for controller in cpu cpuacct cpuset memory devices freezer blkio pids; do
    mkdir "/sys/fs/cgroup/$controller"
    mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller" || rmdir "/sys/fs/cgroup/$controller"
  done
elif [ "$CGROUPS" = v2 ]; then
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  # A group with children to control may hold no processes itself.
  mkdir -p /sys/fs/cgroup/init
  echo 1 >/sys/fs/cgroup/init/cgroup.procs
  for controller in cpu cpuset memory io pids; do echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control || :; done
fi

# A host that was switched on has an empty /run, and none of the machine's own sockets (system bus, machine registry).
umount -R -l /run/netns 2>/dev/null || :
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/libvirt /run/lock
mount --bind "$dir/etc" /etc/libvirt
mount --bind "$dir/hosts" /etc/hosts
[ -d /etc/pki ] && mount --bind "$dir/pki" /etc/pki
mount --bind "$dir/log" /var/log/libvirt
mount --bind "$CACHE" /var/cache/libvirt
mount --bind "$dir/var" /var/lib/libvirt
mount --bind "$POOL" "/var/lib/libvirt/berth"
mount --bind "$LOCKS" "/var/lib/libvirt/berth-locks"
set +e

keep() {
  while :; do
    "$@"
    echo "$(date -u +%FT%TZ) $1 ended with code $?; it is started again"
    sleep 0.3
  done
}
# The power button: no daemon is started again, each is asked to end, and what has not ended in ten seconds ends with us.
keepers=
shut_down() {
  for keeper in $keepers; do kill -TERM "$keeper" 2>/dev/null; done
  echo "$(date -u +%FT%TZ) shutting down in order"
  for daemon in libvirtd virtlockd virtlogd; do
    for child in $(pidof "$daemon"); do kill -TERM "$child"; done
    tries=0
    while [ -n "$(pidof "$daemon")" ] && [ "$tries" -lt 100 ]; do
      tries=$((tries + 1))
      sleep 0.1
    done
  done
  sync
  echo "$(date -u +%FT%TZ) shut down"
  exit 0
}
trap shut_down TERM
keep virtlogd &
keepers="$keepers $!"
keep virtlockd &
keepers="$keepers $!"
# libvirtd asks the lock daemon for its lockspace as it starts.
until [ -S /run/libvirt/virtlockd-sock ]; do sleep 0.02; done
keep libvirtd --listen &
keepers="$keepers $!"
# The host's run-lease on the shared storage; see server/drivers/hypervisor/lease.
[ -n "${LEASE:-}" ] && keep nice -n -15 sh "$LEASE" /var/lib/libvirt/berth "$HOST_UUID" "$LEASE_SECONDS" &
# Every host asks early what its QEMU can do, so that no guest's first start waits for it: the first host asks QEMU
# itself and writes the answer down, the others read it.
(
  until [ -S /run/libvirt/libvirt-sock ]; do sleep 0.1; done
  tries=0
  while [ "$NAME" != h1 ] && [ ! -d /var/cache/libvirt/qemu/capabilities ] && [ "$tries" -lt 100 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
  virsh -q domcapabilities >/dev/null 2>&1
) &
while :; do wait; done
