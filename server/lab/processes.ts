import { readFileSync, readdirSync, readlinkSync } from "node:fs";

/** A process by PID and start time: a PID alone may already be somebody else's. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since the machine booted. */
  readonly startTicks: number;
}

/** Linux has used 100 ticks a second towards user space on every architecture that libvirt runs on. */
const ticksPerSecond = 100;

function readOrNull(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null; // Processes end between two looks; that is an answer, not a failure.
  }
}

/** Start time of a live process; null when it is gone or a zombie. */
export function startTicksOf(pid: number): number | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return null;
  const ticks = Number(fields[19]);
  return Number.isFinite(ticks) ? ticks : null;
}

export function isAlive(identity: ProcessIdentity): boolean {
  return startTicksOf(identity.pid) === identity.startTicks;
}

/** Reads "PID START-TIME"; null when there is none or the process is gone. */
export function readIdentity(file: string): ProcessIdentity | null {
  const words = readOrNull(file)?.trim().split(" ") ?? [];
  const identity = { pid: Number(words[0]), startTicks: Number(words[1]) };
  return identity.pid > 0 && isAlive(identity) ? identity : null;
}

/** Wall clock of a start time, in milliseconds since 1970; good to the 10 ms of a tick. */
export function wallClockOf(startTicks: number): number {
  const uptimeSeconds = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  return Math.round(Date.now() - uptimeSeconds * 1000 + (startTicks * 1000) / ticksPerSecond);
}

/** Children of a process by the kernel's own list: one small read instead of a walk over the process table. */
export function childrenOf(pid: number): readonly number[] {
  const list = readOrNull(`/proc/${pid}/task/${pid}/children`);
  return list === null ? [] : list.trim().split(" ").filter(Boolean).map(Number);
}

/** The instance that a QEMU process runs; null for any other process. */
export function instanceOf(pid: number): string | null {
  const words = readOrNull(`/proc/${pid}/cmdline`)?.split("\0") ?? [];
  if (!words[0]?.includes("qemu-system")) return null;
  const name = words[words.indexOf("-name") + 1] ?? "";
  return /(?:^|,)guest=([^,]+)/.exec(name)?.[1] ?? null;
}

/** QEMU processes of a host: libvirt hands them to the host's pid 1 as soon as they are started. */
export function guestsOf(initPid: number): readonly { readonly instance: string; readonly identity: ProcessIdentity }[] {
  return childrenOf(initPid).flatMap((pid) => {
    const instance = instanceOf(pid);
    const startTicks = startTicksOf(pid);
    return instance !== null && startTicks !== null ? [{ instance, identity: { pid, startTicks } }] : [];
  });
}

/** Every process of the machine for which `wanted` holds. */
export function findProcesses(wanted: (pid: number) => boolean): readonly number[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    return Number.isInteger(pid) && pid !== process.pid && wanted(pid) ? [pid] : [];
  });
}

export function environmentOf(pid: number): string {
  return readOrNull(`/proc/${pid}/environ`) ?? "";
}

/** The number of the network namespace that a process is in; null when it is gone. */
export function networkNamespaceOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return null;
  }
}

export function commandLineOf(pid: number): string {
  return (readOrNull(`/proc/${pid}/cmdline`) ?? "").replaceAll("\0", " ").trim();
}
