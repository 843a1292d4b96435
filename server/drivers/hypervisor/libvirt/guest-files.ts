import { DriverError } from "../../errors";
import { GUEST_FILE_PART_BYTES, type CallOptions, type GuestFile, type GuestFilePart, type GuestFileWrite } from "../types";
import { runInGuest, type GuestExit } from "./guest-exec";
import type { HostLink } from "./link";

/** A part through the agent of a guest under software emulation takes a second; a busy machine gets this long. */
const PART_TIMEOUT_MS = 30_000;
const LOOK_AGAIN_MS = 15;
const MOST_FILES = 500;

const EXIT = { noFolder: 20, noFile: 21, noRoom: 22, wrongPart: 23 } as const;

/**
 * What the guest's shell does. It works as the owner of the folder: the agent is root, and a link that the person laid there would otherwise be a way to every file of the guest.
 * A guest without the folder gets one, on its disk where it has one for data.
 */
const SCRIPT = `
d=/transfer
[ -e $d ] || { if [ -d /data ]; then mkdir -p /data/transfer && ln -s /data/transfer $d; else mkdir $d; fi; }
cd $d/ || exit ${EXIT.noFolder}
u=$(stat -c %u .) && g=$(stat -c %g .) || exit ${EXIT.noFolder}
run=
[ "$u" = 0 ] || run="setpriv --reuid $u --regid $g --clear-groups"
case $1 in
list)
  for f in *; do [ -f "$f" ] && [ ! -L "$f" ] && stat -c '%s %n' "./$f"; done | head -n ${MOST_FILES} ;;
read)
  [ -f "./$2" ] && [ ! -L "./$2" ] || exit ${EXIT.noFile}
  exec $run dd if="./$2" bs=${GUEST_FILE_PART_BYTES} skip="$3" count=1 2>/dev/null ;;
write)
  exec $run sh -c 'p=./.$1.part
    [ "$2" != 0 ] || rm -f "$p"
    [ "$(stat -c %s "$p" 2>/dev/null || echo 0)" = "$2" ] || exit ${EXIT.wrongPart}
    cat >>"$p" || { rm -f "$p"; exit ${EXIT.noRoom}; }
    [ "$3" = more ] || mv -f "$p" "./$1" || exit ${EXIT.noRoom}' sh "$2" "$3" "$4" ;;
esac`;

/** Runs the script in the guest and answers what it wrote. */
async function inGuest(link: HostLink, instanceId: string, what: string, args: readonly string[], input: Buffer | null, options?: CallOptions): Promise<Buffer> {
  const timeoutMs = options?.timeoutMs ?? PART_TIMEOUT_MS;
  const exit = await runInGuest(link, instanceId, { what, script: SCRIPT, args, input, timeoutMs, lookAgainMs: LOOK_AGAIN_MS }, options);
  if (exit.code === 0) return exit.output;
  throw refusal(instanceId, what, exit);
}

function refusal(instanceId: string, what: string, { code, said }: GuestExit): DriverError {
  const detail = { instanceId, exitCode: code, said };
  switch (code) {
    case EXIT.noFile:
      return new DriverError("not-found", `${what} in the guest of "${instanceId}": there is no such file`, detail);
    case EXIT.noRoom:
      return new DriverError("insufficient", `${what} in the guest of "${instanceId}": it could not be written; its disk may be full`, detail);
    case EXIT.wrongPart:
      return new DriverError("invalid", `${what} in the guest of "${instanceId}": this part does not follow what was brought in before; begin again`, detail);
    default:
      return new DriverError("unsupported", `${what} in the guest of "${instanceId}" ended with ${code}: it has no folder for files, or none of the programs that this needs`, detail);
  }
}

export async function listGuestFiles(link: HostLink, instanceId: string, options?: CallOptions): Promise<readonly GuestFile[]> {
  const lines = (await inGuest(link, instanceId, "Looking at the files", ["list"], null, options)).toString().split("\n");
  return lines.flatMap((line) => {
    const [, size, name] = /^(\d+) \.\/(.+)$/.exec(line) ?? [];
    return size === undefined || name === undefined ? [] : [{ name, sizeBytes: Number(size) }];
  });
}

/** Parts begin at multiples of their largest size: the guest's `dd` skips whole blocks. */
export async function readGuestFile(link: HostLink, instanceId: string, { name, offsetBytes, lengthBytes }: GuestFilePart, options?: CallOptions): Promise<Buffer> {
  if (offsetBytes % GUEST_FILE_PART_BYTES !== 0 || lengthBytes > GUEST_FILE_PART_BYTES) throw new DriverError("invalid", `a part of "${name}" begins at a multiple of ${GUEST_FILE_PART_BYTES} bytes and is no longer than that`, { instanceId, offsetBytes, lengthBytes });
  const part = await inGuest(link, instanceId, `Reading "${name}"`, ["read", name, String(offsetBytes / GUEST_FILE_PART_BYTES)], null, options);
  return part.subarray(0, lengthBytes);
}

export async function writeGuestFile(link: HostLink, instanceId: string, { name, offsetBytes, data, isLast }: GuestFileWrite, options?: CallOptions): Promise<void> {
  if (data.length > GUEST_FILE_PART_BYTES) throw new DriverError("invalid", `a part of "${name}" has at most ${GUEST_FILE_PART_BYTES} bytes`, { instanceId });
  await inGuest(link, instanceId, `Writing "${name}"`, ["write", name, String(offsetBytes), isLast ? "last" : "more"], data, options);
}
