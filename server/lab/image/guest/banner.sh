printf '\033[2J\033[H\033[44;97m%-80s\033[0m\n' "  $NAME    $ADDRESS    up in $(cut -d' ' -f1 /proc/uptime) s"
printf '\n  \033[41m      \033[42m      \033[43m      \033[44m      \033[45m      \033[46m      \033[47m      \033[0m\n\n'
printf '  Linux %s, %s processors, %s kB of memory. This is a shell.\n\n' "$(uname -r)" "$(nproc)" "$(sed -n 's/MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo)"
