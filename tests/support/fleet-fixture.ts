import { and, eq, notInArray } from "drizzle-orm";
import type { Database } from "@/db/client";
import { advice, clusterAutomation, drill, energyReport, hostPowerEvent, hostUpdate, hostUpdateHost, incident, incidentEntry, powerReading, rehearsal } from "@/db/schema/automation";
import { instance, instanceEvent } from "@/db/schema/compute";
import { allocation, cluster, decision, fencing, host, placementRule } from "@/db/schema/fleet";
import { sample } from "@/db/schema/metering";
import { askRehearsal, assumedCurve, computeEnergy, wattsAt } from "@/server/fleet";
import { askRehearsalInput } from "@/server/fleet/rehearsal/schema";
import { systemClock } from "@/server/platform/clock";
import { mintId, type IdKind } from "@/server/platform/id";
import { systemRandom } from "@/server/platform/random";
import { sentence, sentences, type Sentence } from "@/server/platform/sentences";
import { testContext } from "./database";

const mint = (kind: IdKind): string => mintId(kind, { clock: systemClock, random: systemRandom });
const said = (one: Sentence) => ({ reason: one.text, reasonWords: one.words });
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const DAYS = 7;
/** A reading every ten minutes: a week of a few hosts is a few thousand rows. */
const STEP_MS = 10 * MINUTE_MS;

export interface FleetFixture {
  readonly clusterId: string;
  /** Awake, busy, marked for drills. */
  readonly hostId: string;
  readonly hostName: string;
  readonly movedInstanceId: string;
}

/** Onto `fillPortal`: a cluster that has lived through a week of nights, a loss, a drill, an update, and has plans for the next hour. */
export async function fillFleet(owner: Database, worker: Database): Promise<FleetFixture> {
  const [row] = await owner.select().from(cluster);
  const clusterId = row!.id;
  const nowMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  const at = (msAgo: number): Date => new Date(nowMs - msAgo);
  const hosts = await owner.select().from(host).where(eq(host.clusterId, clusterId)).orderBy(host.name);
  const [first, , third] = hosts;
  for (const [index, name] of ["tokyo-1-h4", "tokyo-1-h5", "tokyo-1-h6"].entries()) {
    const asleep = index < 2;
    const id = mint("host");
    await owner.insert(host).values({ ...first!, id, name, uri: `qemu+tls://10.77.0.${20 + index}/system`, managementAddress: `10.77.1.${20 + index}`, state: asleep ? "asleep" : "up", stateChangedAt: at(3 * HOUR_MS), powerState: asleep ? "asleep" : "on", powerStateChangedAt: at(3 * HOUR_MS), wakeSeconds: 94, committedVcpus: asleep ? 0 : 30, committedMemoryMiB: asleep ? 0 : 57_344, reservedCpuMillicores: asleep ? 0 : 9_000, reservedMemoryMiB: asleep ? 0 : 57_344, drillable: !asleep, cordoned: false });
    hosts.push((await owner.select().from(host).where(eq(host.id, id)))[0]!);
  }
  // The one that does not answer in the portal's fixture has come back.
  await owner.update(host).set({ state: "up", stateReason: "", silentSince: null, lastSeenAt: new Date() }).where(eq(host.id, third!.id));
  await owner.update(host).set({ cordoned: false, drillable: true, wakeSeconds: 88, powerCurve: { watts: [52, 60, 68, 75, 82, 89, 96, 103, 110, 116, 122], asleepWatts: 6 } }).where(eq(host.id, first!.id));
  const marked = hosts.at(-1)!;
  await owner.update(host).set({ usableCpuModels: ["qemu64"] });
  // Nobody waits here: a cluster in which somebody waits plans nothing for balance or sleep.
  await owner.update(instance).set({ desiredPower: "stopped" }).where(and(eq(instance.clusterId, clusterId), notInArray(instance.id, owner.select({ id: allocation.instanceId }).from(allocation))));

  await owner.insert(clusterAutomation).values({ clusterId, timeZone: "Asia/Tokyo", rebalance: "advise", consolidate: "automatic", consolidateWindows: [{ from: "20:00", to: "07:00" }], quietHours: [{ from: "09:00", to: "18:00", days: [1, 2, 3, 4, 5] }], minAwakeHosts: 3, electricityCurrency: "JPY", electricityMicrosPerKwh: 31_000_000, carbonGramsPerKwh: 438, drillDays: 90, drillWindows: [{ from: "10:00", to: "16:00", days: [2, 3] }], updatedAt: at(DAY_MS), updatedBy: "fixture" });
  await addPower(owner, clusterId, hosts, nowMs);
  await addDemand(owner, nowMs);

  const names = hosts.map((one) => one.name);
  const instances = await owner.select().from(instance).where(eq(instance.clusterId, clusterId)).orderBy(instance.name);
  const byName = (name: string): typeof instances[number] => instances.find((one) => one.name === name)!;
  const moves = [["web-1", names[1]!, names[0]!, 2.9, 38], ["database", names[1]!, names[2]!, 11.4, 61], ["web-3", names[1]!, names[5]!, 3.3, 44]] as const;
  await owner.insert(advice).values([
    { id: mint("advice"), clusterId, kind: "rebalance", ...said(sentences(sentence("relief-hot", { host: names[1]!, percent: 91 }), sentence("relief-moves", { moves: [`web-1 → ${names[0]}`, `database → ${names[2]}`], fromPercent: 91, toPercent: 64 }))), plan: { moves: moves.map(([name, from, to, seconds, downtimeMs]) => ({ instanceId: byName(name).id, name, from, to, seconds, downtimeMs })) }, basedOnGeneration: 4, state: "open", createdAt: at(4 * MINUTE_MS), confirmedAt: at(MINUTE_MS) },
    { id: mint("advice"), clusterId, kind: "evacuate", hostId: third!.id, reason: `${third!.name}: its disk /dev/sda reports 214 reallocated sectors, 40 more than yesterday. It should be emptied before it fails.`, plan: {}, basedOnGeneration: 3, state: "dismissed", createdAt: at(2 * DAY_MS), confirmedAt: at(2 * DAY_MS), decidedAt: at(1.5 * DAY_MS), decidedBy: "fixture" },
  ]);
  await owner.insert(placementRule).values({ id: mint("placementRule"), clusterId, kind: "apart", strict: true, instanceIds: [byName("web-1").id, byName("web-2").id], createdAt: at(3 * DAY_MS), createdBy: "fixture" });
  const updateId = mint("hostUpdate");
  await owner.insert(hostUpdate).values({ id: updateId, clusterId, name: "kernel 6.12.9", step: { kind: "command", command: "update-kernel" }, state: "running", createdBy: "fixture", createdAt: at(50 * MINUTE_MS), predictedEndAt: new Date(nowMs + 70 * MINUTE_MS) });
  await owner.insert(hostUpdateHost).values(hosts.slice(0, 4).map((one, position) => ({ updateId, hostId: one.id, position, state: (["done", "updating", "waiting", "waiting"] as const)[position]!, output: position === 0 ? "kernel 6.12.9 installed" : "", startedAt: position < 2 ? at((40 - position * 20) * MINUTE_MS) : null, finishedAt: position === 0 ? at(25 * MINUTE_MS) : null })));
  const movedInstanceId = byName("web-1").id;
  await addLoss(owner, clusterId, third!, names[0]!, instances.slice(0, 3), at);
  await addTenantStory(owner, byName("web-1"), at);
  await addDrill(owner, clusterId, marked, at);
  await owner.insert(decision).values((["rebalance", "sleep", "wake", "evacuate"] as const).map((kind, index) => ({ id: mint("decision"), kind, clusterId, hostId: marked.id, basedOn: { clusterGeneration: 4 }, inputs: {}, chosen: {}, rejected: [], ...{ rebalance: said(sentence("relief-hot", { host: marked.name, percent: 88 })), sleep: said(sentence("sleep-empty", { hosts: 4 })), wake: said(sentence("wake-hours-end")), evacuate: { reason: "9 machines move to 3 hosts, about 2 min in all." } }[kind], outcome: "applied" as const, createdAt: at((index + 1) * 9 * HOUR_MS), finishedAt: at((index + 1) * 9 * HOUR_MS - MINUTE_MS) })));
  await askRehearsal(testContext(worker, { actor: { kind: "operator", id: "fixture" } }), askRehearsalInput.parse({ clusterId, question: { kind: "tonight" } }));
  return { clusterId, hostId: marked.id, hostName: marked.name, movedInstanceId };
}

/** A week of readings: two hosts sleep from eight in the evening to seven in the morning, in UTC+9. */
async function addPower(owner: Database, clusterId: string, hosts: readonly (typeof host.$inferSelect)[], nowMs: number): Promise<void> {
  const fromMs = nowMs - DAYS * DAY_MS;
  const rows: (typeof powerReading.$inferInsert)[] = [];
  for (let ms = fromMs; ms < nowMs; ms += STEP_MS) {
    const hour = ((ms / HOUR_MS) + 9) % 24;
    const day = Math.max(0, Math.sin(((hour - 6) / 15) * Math.PI));
    for (const [index, one] of hosts.entries()) {
      const asleep = (index === 3 || index === 4) && (hour >= 20 || hour < 7);
      const curve = one.powerCurve ?? assumedCurve(one.cores);
      const cpuFraction = asleep ? null : Math.min(1, 0.12 + 0.55 * day * (0.7 + 0.1 * index) + 0.05 * Math.sin(ms / HOUR_MS + index));
      rows.push({ hostId: one.id, clusterId, minute: new Date(ms), watts: asleep ? curve.asleepWatts : wattsAt(curve, cpuFraction ?? 0), source: index === 0 ? "measured" : "assumed", cpuFraction, asleep });
    }
  }
  for (let at = 0; at < rows.length; at += 5_000) await owner.insert(powerReading).values(rows.slice(at, at + 5_000));
  const sleepers = hosts.slice(3, 5);
  for (let day = 1; day < DAYS; day++) {
    const to = new Date(nowMs - (day - 1) * DAY_MS);
    const from = new Date(nowMs - day * DAY_MS);
    const readings = rows.filter((reading) => reading.minute >= from && reading.minute < to);
    const curves = hosts.map((one) => ({ hostId: one.id, name: one.name, cores: one.cores, curve: one.powerCurve ?? assumedCurve(one.cores) }));
    const moves = sleepers.flatMap((one) => [1, 2, 3].map(() => ({ fromHostId: one.id, toHostId: hosts[0]!.id, seconds: 6 })));
    const wakes = sleepers.map((one) => ({ hostId: one.id, seconds: 94 }));
    const energy = computeEnergy({ readings: readings.map((one) => ({ minuteMs: one.minute.getTime(), hostId: one.hostId, watts: one.watts, asleep: one.asleep ?? false, cpuFraction: one.cpuFraction ?? null })), hosts: curves, moves, wakes });
    await owner.insert(energyReport).values({ id: mint("energyReport"), clusterId, from, to, ...energy, savedMicros: Math.round(energy.savedKwh * 31_000_000), currency: "JPY", savedCarbonGrams: energy.savedKwh * 438, inputs: { hosts: curves, moves, wakes, readings: readings.length, measuredFraction: 1 / hosts.length, electricityMicrosPerKwh: 31_000_000, carbonGramsPerKwh: 438 }, createdAt: to });
    for (const [index, one] of sleepers.entries()) {
      await owner.insert(hostPowerEvent).values([
        { id: mint("powerEvent"), hostId: one.id, clusterId, at: new Date(from.getTime() + (8 + index / 4) * HOUR_MS), from: "falling-asleep", to: "asleep", kind: "sleep", ...said(sentence("sleep-empty", { hosts: 4 })), seconds: 4 },
        { id: mint("powerEvent"), hostId: one.id, clusterId, at: new Date(from.getTime() + (19 + index / 4) * HOUR_MS), from: "waking", to: "on", kind: "wake", ...said(sentence("wake-hours-end")), seconds: 94 },
      ]);
    }
  }
}

/** Samples of the last minutes for what has none yet, so that loads are measured. */
async function addDemand(owner: Database, nowMs: number): Promise<void> {
  const known = new Set((await owner.selectDistinct({ id: sample.instanceId }).from(sample)).map((row) => row.id));
  const placed = (await owner.select().from(allocation)).filter((row) => !known.has(row.instanceId));
  for (const row of placed) {
    const [own] = await owner.select({ organizationId: instance.organizationId }).from(instance).where(eq(instance.id, row.instanceId));
    await owner.insert(sample).values(Array.from({ length: 30 }, (_, step) => ({ organizationId: own!.organizationId, instanceId: row.instanceId, minute: new Date(nowMs - (30 - step) * MINUTE_MS), cpuMillicores: row.vcpus * 350, cpuStealMillicores: 5, memoryUsedMiB: Math.round(row.memoryMiB / 2), diskReadBytesPerSecond: 0, diskWrittenBytesPerSecond: 0, netReceivedBytesPerSecond: 0, netSentBytesPerSecond: 0 })));
  }
}

async function addLoss(owner: Database, clusterId: string, lost: typeof host.$inferSelect, target: string, instances: readonly (typeof instance.$inferSelect)[], at: (msAgo: number) => Date): Promise<void> {
  const begin = 26 * HOUR_MS;
  const incidentId = mint("incident");
  const titled = (one: Sentence) => ({ title: one.text, titleWords: one.words });
  await owner.insert(incident).values([
    { id: incidentId, clusterId, hostId: lost.id, kind: "host-lost", ...titled(sentence("incident-host-lost", { host: lost.name })), openedAt: at(begin), closedAt: at(begin - 9_400), figures: { detectMs: 3_800, fenceMs: 610, method: "power", instances: instances.length, back: instances.length, totalMs: 9_400 } },
    { id: mint("incident"), clusterId, hostId: lost.id, kind: "failing-host", ...titled(sentence("incident-failing", { host: lost.name })), openedAt: at(2 * DAY_MS), closedAt: null, figures: {} },
  ]);
  const runs = (name: string, afterSeconds: number): Sentence => sentence("note-runs", { instance: name, host: target, afterSeconds });
  const lines: readonly (readonly [number, string, Sentence])[] = [
    [0, "signal", sentence("note-silent", { host: lost.name })],
    [3_800, "fencing", sentences(sentence("note-fencing-asked"), sentence("host-controller-off"))],
    [4_410, "fencing", sentence("host-off-confirmed")],
    ...instances.flatMap((one, index): (readonly [number, string, Sentence])[] => [[4_700 + index * 40, "restart", sentence("note-restarts", { instance: one.name, host: target })], [7_900 + index * 700, "restart", runs(one.name, (7_900 + index * 700) / 1_000)]]),
    [9_400, "end", sentence("note-back", { back: instances.length, machines: instances.length, host: lost.name })],
  ];
  await owner.insert(incidentEntry).values(lines.map(([ms, kind, { text, words }]) => ({ id: mint("incidentEntry"), incidentId, at: at(begin - ms), kind, text, words })));
  await owner.insert(fencing).values({ id: mint("fencing"), hostId: lost.id, state: "confirmed", ...said(sentence("host-controller-off")), requestedAt: at(begin - 3_800), silentSince: at(begin), attempts: 1, confirmedAt: at(begin - 4_410), method: "power", closedAt: at(begin - 9_400) });
}

/** What the owner of a machine reads: moves with their pause, a failover with its length, a notice. */
async function addTenantStory(owner: Database, one: typeof instance.$inferSelect, at: (msAgo: number) => Date): Promise<void> {
  const events = [
    [26 * HOUR_MS, "host-lost", {}], [26 * HOUR_MS - 4_700, "failed-over", {}], [26 * HOUR_MS - 7_900, "recovered", { awayMs: 7_900 }],
    [11 * HOUR_MS, "moved", { downtimeMs: 41, totalMs: 3_120, cause: "sleep" }], [5 * HOUR_MS, "move-announced", { minutes: 30, notBefore: at(4.5 * HOUR_MS).toISOString() }], [4 * HOUR_MS, "moved", { downtimeMs: 58, totalMs: 4_810, cause: "balance" }], [2 * HOUR_MS, "moved", { downtimeMs: 36, totalMs: 2_900, cause: "update" }],
  ] as const;
  await owner.insert(instanceEvent).values(events.map(([ago, kind, detail]) => ({ id: mint("instanceEvent"), organizationId: one.organizationId, instanceId: one.id, at: at(ago), kind, detail })));
}

async function addDrill(owner: Database, clusterId: string, marked: typeof host.$inferSelect, at: (msAgo: number) => Date): Promise<void> {
  const rehearsalId = mint("rehearsal");
  const figures = [["detectMs", "ms", 4_000, 3_000, 3_700], ["fenceMs", "ms", 610, 3_000, 540], ["backMs", "ms", 9_600, 15_000, 11_200], ["restarted", "count", 9, 0, 9]] as const;
  const asked = at(3 * DAY_MS);
  await owner.insert(rehearsal).values({ id: rehearsalId, clusterId, kind: "lose-host", question: { kind: "lose-host", hostId: marked.id }, state: "measured", askedAt: asked, askedBy: "drill-hosts", playedAt: asked, basedOnGeneration: 2, measured: { figures: figures.map(([figure, unit, value, bound, measured]) => ({ figure, unit, value, bound, measured, agrees: true })), from: asked.toISOString(), to: asked.toISOString(), note: null }, measuredAt: asked });
  await owner.insert(drill).values({ id: mint("drill"), clusterId, hostId: marked.id, rehearsalId, state: "done", orderedBy: "drill-hosts", orderedAt: asked, crashedAt: asked, measured: { detectMs: 3_700, fenceMs: 540, backMs: 11_200, restarted: 9, returnedMs: 143_000 }, finishedAt: asked });
}
