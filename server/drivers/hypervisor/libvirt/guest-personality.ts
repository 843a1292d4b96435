import { DriverError } from "../../errors";
import { PERSONAL_OUTCOMES, type CallOptions, type GuestPersonality, type PersonalityReport, type PersonalOutcome } from "../types";
import { runInGuest } from "./guest-exec";
import type { HostLink } from "./link";

/** A desktop under software emulation that boots meanwhile, on a busy machine, was seen to take 13 s; far longer is a guest that hangs. */
const ALL_TIMEOUT_MS = 90_000;
const LOOK_AGAIN_MS = 250;

/**
 * What the guest's shell does; everything arrives as arguments, never as a part of the program. Files that hold what is wanted are left alone. Each part says in a line of
 * its own what became of it. The files are Debian's (its X takes the layout from `xorg.conf.d`); running screens are found by what runs on them, and asked as their owner.
 */
const SCRIPT = `
PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
name=$1 zone=$2 seconds=$3 full=$4 locale=$5 layout=$6
has() { command -v "$1" >/dev/null 2>&1; }
holds() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }
put() { holds "$1" "$2" || printf '%s\\n' "$2" 2>/dev/null >"$1" && holds "$1" "$2"; }
plain() { tr 'A-Z' 'a-z' | tr -d '-'; }

[ -z "$seconds" ] || date -u -s "@$seconds" >/dev/null

outcome=applied
if ! holds /etc/hostname "$name"; then
  put /etc/hostname "$name" && hostname "$name" || outcome=failed
  grep -q "[[:space:]]$name\\$" /etc/hosts 2>/dev/null || echo "127.0.1.1 $name" >>/etc/hosts
fi
echo "hostName $outcome"

if [ -e "/usr/share/zoneinfo/$zone" ]; then
  ln -sf "/usr/share/zoneinfo/$zone" /etc/localtime && put /etc/timezone "$zone" && echo "timeZone applied" || echo "timeZone failed"
else
  echo "timeZone no-tools"
fi

if [ -n "$full" ]; then
  account=$(awk -F: '$3 >= 1000 && $3 < 60000 { print $1; exit }' /etc/passwd)
  if [ -z "$account" ]; then echo "fullName no-account"
  elif ! has usermod; then echo "fullName no-tools"
  elif [ "$(awk -F: -v a="$account" '$1 == a { print $5 }' /etc/passwd)" = "$full" ] || usermod -c "$full" "$account" >&2; then echo "fullName applied"
  else echo "fullName failed"
  fi
else
  echo "fullName applied"
fi

if ! has locale; then echo "locale no-tools"
elif ! locale -a 2>/dev/null | plain | grep -qx "$(echo "$locale" | plain)"; then echo "locale not-installed"
else
  file=/etc/default/locale
  [ -e $file ] || [ ! -e /etc/locale.conf ] || file=/etc/locale.conf
  put $file "$( { grep -Ev '^(LANG|LANGUAGE|LC_ALL)=' $file 2>/dev/null; echo "LANG=$locale"; } )" && echo "locale applied" || echo "locale failed"
fi

model=pc105
[ "$layout" != jp ] || model=jp106
if [ ! -e "/usr/share/X11/xkb/symbols/$layout" ]; then echo "keyboard no-tools"
else
  outcome=applied
  put /etc/default/keyboard "XKBMODEL=$model
XKBLAYOUT=$layout" || outcome=failed
  mkdir -p /etc/X11/xorg.conf.d
  put /etc/X11/xorg.conf.d/00-berth-keyboard.conf "Section \\"InputClass\\"
  Identifier \\"the person's keyboard\\"
  MatchIsKeyboard \\"on\\"
  Option \\"XkbModel\\" \\"$model\\"
  Option \\"XkbLayout\\" \\"$layout\\"
EndSection" || outcome=failed
  asked=" "
  ! has setxkbmap || for file in $(grep -lsz '^DISPLAY=:' /proc/[0-9]*/environ); do
    screen=$(tr '\\0' '\\n' <"$file" 2>/dev/null | sed -n 's/^DISPLAY=//p')
    [ -n "$screen" ] || continue
    case $asked in *" $screen "*) continue ;; esac
    key=$(tr '\\0' '\\n' <"$file" 2>/dev/null | sed -n 's/^XAUTHORITY=//p')
    owner=$(stat -c %u "\${file%/environ}" 2>/dev/null) && group=$(stat -c %g "\${file%/environ}" 2>/dev/null) || continue
    setpriv --reuid "$owner" --regid "$group" --clear-groups env DISPLAY="$screen" \${key:+XAUTHORITY="$key"} timeout 5 setxkbmap -model $model -layout "$layout" >&2
    asked="$asked$screen "
  done
  echo "keyboard $outcome"
fi

# An image that can take another language into a session that runs has this.
! has berth-new-language || berth-new-language >&2
exit 0`;

/** Tells a guest through its agent who it is. */
export async function personaliseGuest(link: HostLink, instanceId: string, { hostName, timeZone, timeSeconds, fullName, locale, keyboard }: GuestPersonality, options?: CallOptions): Promise<PersonalityReport> {
  const args = [hostName, timeZone, timeSeconds === null ? "" : String(timeSeconds), fullName ?? "", locale, keyboard];
  const { code, output, said } = await runInGuest(link, instanceId, { what: "Telling who it is", script: SCRIPT, args, input: null, timeoutMs: ALL_TIMEOUT_MS, lookAgainMs: LOOK_AGAIN_MS }, options);
  if (code !== 0) throw new DriverError("failed", `the guest of "${instanceId}" could not be told who it is: its shell ended with ${code}`, { instanceId, code, said });
  return readReport(output.toString());
}

/** A part that the guest said nothing of was not done. */
function readReport(text: string): PersonalityReport {
  const said = new Map(text.split("\n").map((line) => line.split(" ", 2)).map(([part = "", word = ""]) => [part, word]));
  const outcome = (part: keyof PersonalityReport): PersonalOutcome => PERSONAL_OUTCOMES.find((one) => one === said.get(part)) ?? "failed";
  return { hostName: outcome("hostName"), timeZone: outcome("timeZone"), fullName: outcome("fullName"), locale: outcome("locale"), keyboard: outcome("keyboard") };
}
