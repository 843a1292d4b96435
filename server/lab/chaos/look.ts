import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import type { OpenDisk, Sighting } from "./judge-look";

/** QEMU's image lock: a shared lock on byte 100 + n means "I use right n"; right 1 is writing (block/file-posix.c). */
const WRITE_BYTE = 101;
const O_ACCMODE = 3;

/** Processes end while they are looked at: then there is nothing to see. */
function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/** The network namespace's own number, by which a process is known to be of a host; null while the host has none. */
export function namespaceNumber(name: string): number | null {
  return orNull(() => statSync(`/run/netns/${name}`).ino);
}

function startOf(pid: number): number | null {
  const stat = orNull(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? null : Number(fields[19]);
}

/** True while the process that was seen is still there. */
export function stillThere(sighting: Sighting): boolean {
  return startOf(sighting.pid) === sighting.startTicks;
}

/** Every QEMU that runs a guest on one of these hosts, from the process table alone. `hosts`: name by namespace number. */
export function lookAt(hosts: ReadonlyMap<number, string>): Sighting[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    return Number.isInteger(pid) ? (sightingOf(pid, hosts) ?? []) : [];
  });
}

function sightingOf(pid: number, hosts: ReadonlyMap<number, string>): Sighting | null {
  const words = orNull(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"))?.split("\0") ?? [];
  if (!words[0]?.includes("qemu-system")) return null;
  const instance = /(?:^|,)guest=([^,]+)/.exec(words[words.indexOf("-name") + 1] ?? "")?.[1];
  const startTicks = startOf(pid);
  const home = Number(/\[(\d+)\]/.exec(orNull(() => readlinkSync(`/proc/${pid}/ns/net`)) ?? "")?.[1]);
  const host = hosts.get(home);
  if (instance === undefined || startTicks === null || host === undefined) return null;
  return { host, pid, startTicks, instance, incoming: words.includes("-incoming"), disks: disksOf(pid) };
}

function disksOf(pid: number): OpenDisk[] {
  const disks = new Map<string, OpenDisk>();
  for (const fd of orNull(() => readdirSync(`/proc/${pid}/fd`)) ?? []) {
    const path = orNull(() => readlinkSync(`/proc/${pid}/fd/${fd}`));
    if (path === null || !path.startsWith("/") || path.startsWith("/dev/")) continue;
    const file = orNull(() => statSync(`/proc/${pid}/fd/${fd}`));
    const info = orNull(() => readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8"));
    // Logs and sockets are each host's own; what two hosts may fight over lies in the shared pool.
    if (!file?.isFile() || info === null || !path.includes("/berth/")) continue;
    const id = `${file.dev}:${file.ino}`;
    const before = disks.get(id);
    disks.set(id, { id, path, writable: isWritable(info) || before?.writable === true, writeLocked: holdsWriteByte(info) || before?.writeLocked === true });
  }
  return [...disks.values()];
}

function isWritable(info: string): boolean {
  return (Number.parseInt(/^flags:\s+(\d+)/m.exec(info)?.[1] ?? "0", 8) & O_ACCMODE) !== 0;
}

function holdsWriteByte(info: string): boolean {
  return [...info.matchAll(/^lock:.*\s(\d+)\s+(\d+|EOF)$/gm)].some(([, from = "", to = ""]) => Number(from) <= WRITE_BYTE && (to === "EOF" || Number(to) >= WRITE_BYTE));
}
