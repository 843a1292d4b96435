#!/bin/sh
# What the fake management controller does to its host: called by ipmi_sim as
#   bmc-hook.sh FOLDER MC get|set|check NAME [VALUE] ...
# Answers "power:0|1" to get, and really switches the host for set.
folder=$1
verb=$3
shift 3
power=$(dirname "$(readlink -f "$0")")/host-power.sh
case $verb in
get)
  for name; do
    value=0
    [ "$name" = power ] && [ "$(sh "$power" status "$folder")" = on ] && value=1
    echo "$name:$value"
  done
  ;;
set)
  while [ $# -gt 1 ]; do
    case $1=$2 in
    power=1) sh "$power" on "$folder" ;;
    power=0) sh "$power" off "$folder" ;;
    # A controller presses the button and answers; how long the host takes is not its business.
    shutdown=*) sh "$power" shutdown "$folder" & ;;
    reset=*) sh "$power" off "$folder" && sh "$power" on "$folder" ;;
    esac >>"$folder/log/bmc.log" 2>&1
    shift 2
  done
  ;;
esac
exit 0
