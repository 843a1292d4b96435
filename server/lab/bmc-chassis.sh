#!/bin/sh
# Chassis hook of ipmi_sim: bmc-chassis.sh FOLDER get|set|check NAME [VALUE] ...; power is the host's real power.
set -u
dir=$1
op=$2
shift 2
here=$(dirname "$(readlink -f "$0")")
switch() { sh "$here/host-power.sh" "$1" "$dir" >/dev/null 2>>"$dir/log/bmc.log"; }

case $op in
get)
  for name in "$@"; do
    if [ "$name" = power ]; then
      [ "$(sh "$here/host-power.sh" status "$dir")" = on ] && echo power:1 || echo power:0
    else
      echo "$name:0"
    fi
  done
  ;;
set)
  while [ $# -gt 1 ]; do
    case $1:$2 in
    power:1) switch on ;;
    power:0 | shutdown:*) switch off ;;
    reset:*) switch off && switch on ;;
    esac
    shift 2
  done
  ;;
esac
exit 0
