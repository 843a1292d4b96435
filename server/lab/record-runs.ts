import { appendFileSync } from "node:fs";
import { guestsOf, readIdentity, wallClockOf, isAlive, type ProcessIdentity } from "./processes";

/**
 * The lab's own record of QEMU runs: `record-runs.ts JOURNAL INIT-FILE:HOST ...`. Reads the process table only, and so
 * owes nothing to libvirt or to the control plane. One JSON line when a run begins, one when it ends.
 */
const stepMs = 50;

interface Known {
  readonly instance: string;
  readonly host: string;
  readonly identity: ProcessIdentity;
}

const [journal, ...hosts] = process.argv.slice(2);
if (!journal) throw new Error("record-runs needs the journal's path");

const known = new Map<string, Known>();
let lastLookMs = Date.now();

function look(file: string): void {
  const seenAt = Date.now();
  for (const entry of hosts) {
    const at = entry.lastIndexOf(":");
    const init = readIdentity(entry.slice(0, at));
    if (!init) continue;
    for (const guest of guestsOf(init.pid)) {
      const key = `${guest.identity.pid} ${guest.identity.startTicks}`;
      if (known.has(key)) continue;
      known.set(key, { instance: guest.instance, host: entry.slice(at + 1), identity: guest.identity });
      write(file, { begin: key, instance: guest.instance, host: entry.slice(at + 1), pid: guest.identity.pid, atMs: wallClockOf(guest.identity.startTicks) });
    }
  }
  for (const [key, run] of known) {
    if (isAlive(run.identity)) continue;
    known.delete(key);
    write(file, { end: key, atMs: seenAt, uncertaintyMs: seenAt - lastLookMs });
  }
  lastLookMs = seenAt;
}

function write(file: string, line: Readonly<Record<string, unknown>>): void {
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

setInterval(() => look(journal), stepMs);
