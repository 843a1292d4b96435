/**
 * A process of its own that looks at every host of a lab each 200 ms: which QEMU runs which guest, and which disks it holds
 * open for writing, from the kernel alone. It knows nothing of libvirt, the database or the control plane.
 *
 * Arguments: journal file, then `name=network-namespace` for each host.
 */
import { appendFileSync } from "node:fs";
import { judgeLook, keyOf, type Breach, type Sighting } from "./judge-look";
import { lookAt, namespaceNumber, stillThere } from "./look";
import { wallClockOf } from "../processes";
import type { WatchLine } from "./watch-journal";

const LOOK_EVERY_MS = 200;
const BEAT_EVERY_MS = 1_000;

const [journal = "", ...hostArguments] = process.argv.slice(2);
const namespaces = hostArguments.map((text) => text.split("=") as [string, string]);
const known = new Map<string, { readonly sighting: Sighting; lastSeenMs: number }>();
const told = new Set<string>();
let looks = 0;
let longestGapMs = 0;
let lastLookMs = Date.now();
let lastBeatMs = 0;

function write(line: WatchLine): void {
  appendFileSync(journal, `${JSON.stringify(line)}\n`);
}

function hostsNow(): Map<number, string> {
  const hosts = new Map<number, string>();
  for (const [name, namespace] of namespaces) {
    const number = namespaceNumber(namespace);
    if (number !== null) hosts.set(number, name);
  }
  return hosts;
}

/** What two looks in a row show of processes that outlived both was so at one moment between them. */
function proven(hosts: ReadonlyMap<number, string>, breaches: readonly Breach[]): Breach[] {
  if (breaches.length === 0) return [];
  const again = judgeLook(lookAt(hosts));
  return breaches.filter((breach) => again.some((one) => nameOf(one) === nameOf(breach)) || (breach.kind === "ran-twice" && breach.parties.every(stillThere)));
}

function nameOf(breach: Breach): string {
  return `${breach.kind} ${breach.what} ${breach.parties.map(keyOf).join(" ")}`;
}

function look(): void {
  const hosts = hostsNow();
  const sightings = lookAt(hosts);
  const nowMs = Date.now();
  longestGapMs = Math.max(longestGapMs, nowMs - lastLookMs);
  lastLookMs = nowMs;
  looks += 1;
  for (const breach of proven(hosts, judgeLook(sightings))) {
    if (told.has(nameOf(breach))) continue;
    told.add(nameOf(breach));
    write({ event: "breach", atMs: nowMs, breach });
  }
  const present = new Set(sightings.map(keyOf));
  for (const sighting of sightings) {
    const key = keyOf(sighting);
    const before = known.get(key);
    if (before) before.lastSeenMs = nowMs;
    else {
      known.set(key, { sighting, lastSeenMs: nowMs });
      const { host, pid, instance, incoming } = sighting;
      write({ event: "seen", key, host, pid, instance, incoming, startedAtMs: wallClockOf(sighting.startTicks), atMs: nowMs });
    }
  }
  for (const [key, { lastSeenMs }] of known) {
    if (present.has(key)) continue;
    known.delete(key);
    write({ event: "gone", key, lastSeenMs, atMs: nowMs });
  }
  if (nowMs - lastBeatMs >= BEAT_EVERY_MS) {
    lastBeatMs = nowMs;
    const writers = sightings.filter((one) => one.disks.some((disk) => disk.writable)).length;
    write({ event: "beat", atMs: nowMs, looks, longestGapMs, guests: sightings.length, writers, locked: sightings.filter((one) => one.disks.some((disk) => disk.writeLocked)).length });
  }
}

look();
setInterval(look, LOOK_EVERY_MS);
process.on("disconnect", () => process.exit(0));
