/**
 * A process of its own: writes down when each QEMU process of a lab started and ended, from the kernel's process
 * table alone. It is the witness that metering is compared with, so it knows nothing of libvirt or the database.
 *
 * Arguments: journal file, then `name=folder` for each host.
 */
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseJournal, type JournalLine } from "./journal";
import { guestsOf, isAlive, readIdentity, wallClockOf } from "./processes";

/** Short enough that an end is known to a tenth of a second; a look costs one small read a host. */
const lookEveryMs = 50;
/** How often the time of the last look is put on disk, so that a killed recorder's gap is bounded. */
const heartbeatEveryMs = 500;

const [journal = "", ...hostArguments] = process.argv.slice(2);
const hosts = hostArguments.map((text) => {
  const [name = "", folder = ""] = text.split("=");
  return { name, initFile: path.join(folder, "init") };
});
const heartbeat = `${journal}.heartbeat`;

interface Open {
  readonly key: string;
  readonly pid: number;
  readonly startTicks: number;
}

const open = new Map<string, Open>();
let lastLookMs = existsSync(heartbeat) ? Number(readFileSync(heartbeat, "utf8")) : Date.now();
for (const run of existsSync(journal) ? parseJournal(readFileSync(journal, "utf8")) : []) {
  if (run.endedAtMs === null) open.set(run.key, { key: run.key, pid: run.pid, startTicks: run.startTicks });
}

function write(line: JournalLine): void {
  appendFileSync(journal, `${JSON.stringify(line)}\n`);
}

function look(): void {
  const nowMs = Date.now();
  for (const host of hosts) {
    const init = readIdentity(host.initFile);
    if (init === null) continue;
    for (const { instance, identity } of guestsOf(init.pid)) {
      const key = `${identity.pid}.${identity.startTicks}`;
      if (open.has(key)) continue;
      open.set(key, { key, ...identity });
      write({ event: "start", key, instance, host: host.name, ...identity, startedAtMs: wallClockOf(identity.startTicks) });
    }
  }
  for (const run of open.values()) {
    if (isAlive(run)) continue;
    open.delete(run.key);
    write({ event: "end", key: run.key, endedAtMs: Date.now(), uncertaintyMs: Date.now() - lastLookMs });
  }
  lastLookMs = nowMs;
}

let lastHeartbeatMs = 0;
function tick(): void {
  look();
  if (lastLookMs - lastHeartbeatMs >= heartbeatEveryMs) {
    writeFileSync(`${heartbeat}.new`, String(lastLookMs));
    renameSync(`${heartbeat}.new`, heartbeat);
    lastHeartbeatMs = lastLookMs;
  }
}

tick();
setInterval(tick, lookEveryMs);
