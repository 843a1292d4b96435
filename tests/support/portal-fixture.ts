import type { Database } from "@/db/client";
import { flavor, image, priceVersion } from "@/db/schema/catalog";
import { address, instance, instanceEvent, instanceObservation, network, volume } from "@/db/schema/compute";
import { allocation, cluster, decision, host, storagePool } from "@/db/schema/fleet";
import { loopStatus } from "@/db/schema/loops";
import { sample, usageWindow } from "@/db/schema/metering";
import { quota } from "@/db/schema/quota";
import { member, organization } from "@/db/schema/tenancy";
import { systemRandom } from "@/server/platform/random";
import { sentence } from "@/server/platform/sentences";
import { systemClock } from "@/server/platform/clock";
import { mintId, type IdKind } from "@/server/platform/id";
import { ensureUser } from "@/server/tenancy";
import { testContext } from "./database";

export const PASSWORD = "a-password-for-looking-at-pages";

/** People and things for looking at every screen: two organizations, three hosts, instances in most states. */
export interface PortalFixture {
  readonly owner: string;
  readonly viewer: string;
  readonly staff: string;
  readonly stranger: string;
  readonly slug: string;
  readonly foreignSlug: string;
}

const mint = (kind: IdKind): string => mintId(kind, { clock: systemClock, random: systemRandom });
const HOUR_MS = 3_600_000;
const ago = (ms: number): Date => new Date(Date.now() - ms);

async function addOrganization(db: Database, slug: string, name: string): Promise<string> {
  const id = mint("organization");
  await db.insert(organization).values({ id, slug, name, createdAt: ago(40 * 24 * HOUR_MS) });
  const limits = { instances: 40, vcpus: 60, memoryMiB: 122_880, storageGiB: 2000, publicAddresses: 4, snapshots: 10 };
  await db.insert(quota).values({
    organizationId: id, updatedAt: new Date(),
    limitInstances: limits.instances, limitVcpus: limits.vcpus, limitMemoryMiB: limits.memoryMiB, limitStorageGiB: limits.storageGiB, limitPublicAddresses: limits.publicAddresses, limitSnapshots: limits.snapshots,
    ceilingInstances: limits.instances, ceilingVcpus: limits.vcpus, ceilingMemoryMiB: limits.memoryMiB, ceilingStorageGiB: limits.storageGiB, ceilingPublicAddresses: limits.publicAddresses, ceilingSnapshots: limits.snapshots,
  });
  return id;
}

async function addCatalog(db: Database): Promise<{ flavors: { id: string; name: string; vcpus: number; memoryMiB: number; diskGiB: number }[]; imageId: string }> {
  const sizes = [
    { name: "b1.small", class: "burstable", vcpus: 1, memoryMiB: 1024, diskGiB: 10, micros: 1_200_000 },
    { name: "s1.medium", class: "standard", vcpus: 2, memoryMiB: 4096, diskGiB: 40, micros: 5_400_000 },
    { name: "s1.large", class: "standard", vcpus: 4, memoryMiB: 8192, diskGiB: 80, micros: 10_800_000 },
    { name: "d1.large", class: "dedicated", vcpus: 4, memoryMiB: 16_384, diskGiB: 160, micros: 24_000_000 },
  ] as const;
  const flavors = [];
  const validFrom = ago(60 * 24 * HOUR_MS);
  for (const { micros, ...size } of sizes) {
    const id = mint("flavor");
    const reservation = size.class === "dedicated" ? size.vcpus * 1000 : size.class === "standard" ? size.vcpus * 250 : size.vcpus * 100;
    await db.insert(flavor).values({ id, ...size, cpuReservationMillicores: reservation, memoryReservationMiB: size.memoryMiB, createdAt: validFrom });
    await db.insert(priceVersion).values({ id: mint("priceVersion"), meter: "instance", flavorId: id, currency: "JPY", microsPerHour: micros, validFrom, createdAt: validFrom, createdBy: "fixture" });
    flavors.push({ id, ...size });
  }
  for (const [meter, micros] of [["storage", 14_000], ["address", 500_000]] as const) {
    await db.insert(priceVersion).values({ id: mint("priceVersion"), meter, currency: "JPY", microsPerHour: micros, validFrom, createdAt: validFrom, createdBy: "fixture" });
  }
  const imageId = mint("image");
  const common = { bootKind: "disk", format: "qcow2", createdAt: validFrom, createdBy: "fixture", status: "available" } as const;
  await db.insert(image).values([
    { ...common, id: imageId, name: "Debian 12", description: "Server with cloud-init", volume: "debian-12.qcow2", virtualSizeMiB: 4096, sizeBytes: 412_000_000, sha256: "0".repeat(64), minimumMemoryMiB: 512 },
    { ...common, id: mint("image"), name: "Tiny Linux", description: "Boots in two seconds", volume: "tiny.qcow2", virtualSizeMiB: 64, sizeBytes: 18_000_000, sha256: "1".repeat(64), minimumMemoryMiB: 96 },
  ]);
  return { flavors, imageId };
}

async function addFleet(db: Database): Promise<{ clusterId: string; hostIds: string[]; poolId: string; networkId: string }> {
  const clusterId = mint("cluster");
  await db.insert(cluster).values({ id: clusterId, name: "tokyo-1", hypervisor: "simulated", cpuModel: "qemu64", createdAt: ago(60 * 24 * HOUR_MS) });
  const hostIds: string[] = [];
  for (const [index, state] of (["up", "up", "unreachable"] as const).entries()) {
    const id = mint("host");
    hostIds.push(id);
    await db.insert(host).values({
      id, clusterId, name: `tokyo-1-h${index + 1}`, uri: `qemu+tls://10.77.0.${index + 11}/system`, managementAddress: `10.77.1.${index + 11}`, cores: 16, memoryMiB: 65_536, systemMemoryMiB: 2048,
      state, stateReason: state === "up" ? "" : "It has been silent, and its management controller did not confirm that it is off.", stateChangedAt: ago(2 * HOUR_MS), lastSeenAt: state === "up" ? new Date() : ago(2 * HOUR_MS),
      silentSince: state === "up" ? null : ago(2 * HOUR_MS), enrolledAt: ago(59 * 24 * HOUR_MS), cordoned: index === 1, hypervisorVersion: "9.0.0 / QEMU 7.2.13", committedVcpus: 12, committedMemoryMiB: 24_576, reservedCpuMillicores: 3000, reservedMemoryMiB: 24_576,
    });
  }
  const poolId = mint("storagePool");
  await db.insert(storagePool).values({ id: poolId, clusterId, name: "berth", path: "/srv/berth", capacityMiB: 4_194_304, availableMiB: 2_900_000, observedAt: new Date() });
  const networkId = mint("network");
  await db.insert(network).values({ id: networkId, clusterId, name: "private", cidr: "10.60.0.0/20", gateway: "10.60.0.1", firstAddress: "10.60.0.10", lastAddress: "10.60.15.250", bridge: "br-berth", createdAt: ago(60 * 24 * HOUR_MS) });
  return { clusterId, hostIds, poolId, networkId };
}

type Observation = Partial<typeof instanceObservation.$inferInsert>;
const NAMES: readonly (readonly [string, "running" | "stopped", Observation])[] = [
  ["web-1", "running", { state: "running" }], ["web-2", "running", { state: "running" }], ["web-3", "running", { state: "running", phase: "migrating" }],
  ["database", "running", { state: "running", pendingBootReason: "The new memory size takes effect when the guest boots: it has no free slot." }],
  ["build", "stopped", { state: "stopped" }], ["batch", "running", { state: "absent", phase: "waiting-for-capacity", waiting: {
    text: "No server has room for batch now.", smallestChange: "return host tokyo-1-h3 to service",
    words: [...sentence("waits-no-room", { instance: "batch", vcpus: 2, memoryMiB: 4096 }).words, { code: "sold-cpu", params: { instance: "batch", needed: 2, host: { server: 1 }, left: 1, missing: 1, ratio: 4 } }, ...sentence("kept-in-reserve", { host: { server: 2 } }).words],
    changeWords: [{ code: "change-return", params: { host: { server: 3 } } }],
  } }],
  ["mail", "running", { state: "unknown", phase: "unreachable" }], ["staging", "running", { state: "absent", failures: 4, lastError: sentence("failure-insufficient").text, lastErrorWords: sentence("failure-insufficient").words }], ["old-api", "stopped", { state: "stopped" }],
];

/** Fills an empty, migrated database through its owner. */
export async function fillPortal(owner: Database, appUrlDatabase: Database = owner): Promise<PortalFixture> {
  const identity = testContext(appUrlDatabase, { scope: "identity" });
  const people = { owner: "owner@acme.test", viewer: "viewer@acme.test", staff: "staff@berth.test", stranger: "stranger@globex.test" };
  const [ownerUser, viewerUser, , strangerUser] = [
    await ensureUser(identity, { email: people.owner, name: "Aoi Tanaka", password: PASSWORD }),
    await ensureUser(identity, { email: people.viewer, name: "Ren Sato", password: PASSWORD }),
    await ensureUser(identity, { email: people.staff, name: "Staff Member", password: PASSWORD, operatorRole: "admin" }),
    await ensureUser(identity, { email: people.stranger, name: "Kim Stranger", password: PASSWORD }),
  ];
  const acme = await addOrganization(owner, "acme", "Acme Trading");
  const globex = await addOrganization(owner, "globex", "Globex");
  await owner.insert(member).values([
    { organizationId: acme, userId: ownerUser.id, role: "owner", createdAt: ago(40 * 24 * HOUR_MS) },
    { organizationId: acme, userId: viewerUser.id, role: "viewer", createdAt: ago(20 * 24 * HOUR_MS) },
    { organizationId: globex, userId: strangerUser.id, role: "owner", createdAt: ago(20 * 24 * HOUR_MS) },
  ]);
  const { flavors, imageId } = await addCatalog(owner);
  const fleet = await addFleet(owner);
  await addInstances(owner, acme, flavors, imageId, fleet);
  await addRecords(owner, fleet.clusterId, acme);
  return { ...people, slug: "acme", foreignSlug: "globex" };
}

async function addInstances(db: Database, organizationId: string, flavors: Awaited<ReturnType<typeof addCatalog>>["flavors"], imageId: string, fleet: Awaited<ReturnType<typeof addFleet>>): Promise<void> {
  for (const [index, [name, desiredPower, observation]] of NAMES.entries()) {
    const size = flavors[index % flavors.length]!;
    const id = mint("instance");
    const createdAt = ago((index + 1) * 30 * HOUR_MS);
    const trashed = name === "old-api";
    await db.insert(instance).values({
      id, organizationId, clusterId: fleet.clusterId, name, flavorId: size.id, imageId, uuid: crypto.randomUUID(), vcpus: size.vcpus, memoryMiB: size.memoryMiB, diskGiB: size.diskGiB, desiredPower,
      createdBy: "fixture", createdAt, updatedAt: createdAt, deletedAt: trashed ? ago(HOUR_MS) : null, purgeAfter: trashed ? new Date(Date.now() + 71 * HOUR_MS) : null, userData: index === 0 ? "#cloud-config\npackages: [nginx]\n" : "",
    });
    await db.insert(instanceObservation).values({
      instanceId: id, organizationId, state: "running", observedAt: new Date(), appliedGeneration: 1, bootGeneration: 1, rebuildGeneration: 1, vcpus: size.vcpus, memoryMiB: size.memoryMiB, diskGiB: size.diskGiB,
      runningSince: desiredPower === "running" ? createdAt : null, hostId: fleet.hostIds[index % 2] ?? null, ...observation,
    });
    await db.insert(address).values({ id: mint("address"), organizationId, networkId: fleet.networkId, instanceId: id, ip: `10.60.0.${20 + index}`, mac: `52:54:00:10:20:${(16 + index).toString(16)}`, createdAt });
    await db.insert(volume).values({ id: mint("volume"), organizationId, instanceId: id, poolId: fleet.poolId, name: `${id}-root`, kind: "root", format: "qcow2", sizeGiB: size.diskGiB, state: "present", presentSince: createdAt, createdAt });
    const events: [string, number, Record<string, unknown>][] = [["ordered", 0, { flavorName: size.name }], ["placed", 800, {}], ["started", 2400, {}], ["moved", 9_000_000, { downtimeMs: 41, totalMs: 3120 }]];
    await db.insert(instanceEvent).values(events.map(([kind, offset, detail]) => ({ id: mint("instanceEvent"), organizationId, instanceId: id, at: new Date(createdAt.getTime() + offset), kind, detail })));
    if (observation.state !== "running") continue;
    await db.insert(allocation).values({ instanceId: id, clusterId: fleet.clusterId, hostId: fleet.hostIds[index % 2]!, epoch: 1, vcpus: size.vcpus, memoryMiB: size.memoryMiB, cpuReservationMillicores: 250, memoryReservationMiB: size.memoryMiB, decisionId: "dec_fixture", decidedAt: createdAt });
    await db.insert(usageWindow).values([
      { id: mint("usageWindow"), organizationId, meter: "instance", resourceId: id, instanceId: id, flavorId: size.id, quantity: 1, vcpus: size.vcpus, memoryMiB: size.memoryMiB, startedAt: createdAt, endedAt: new Date(), createdAt },
      { id: mint("usageWindow"), organizationId, meter: "storage", resourceId: `vol_${id}`, instanceId: id, quantity: size.diskGiB, startedAt: createdAt, endedAt: new Date(), createdAt },
    ]);
    const minute = Math.floor(Date.now() / 60_000) * 60_000;
    await db.insert(sample).values(
      Array.from({ length: 55 }, (_, step) => ({
        organizationId, instanceId: id, minute: new Date(minute - (55 - step) * 60_000), cpuMillicores: Math.round(size.vcpus * (300 + 250 * Math.sin(step / 6 + index))), cpuStealMillicores: step % 11 === 0 ? 60 : 5,
        memoryUsedMiB: Math.round(size.memoryMiB * (0.5 + step / 300)), diskReadBytesPerSecond: 20_000 * (step % 9), diskWrittenBytesPerSecond: 90_000 + 40_000 * Math.cos(step / 4), netReceivedBytesPerSecond: 300_000 + 120_000 * Math.sin(step / 5), netSentBytesPerSecond: 800_000 + 200_000 * Math.cos(step / 7),
      })),
    );
  }
}

async function addRecords(db: Database, clusterId: string, organizationId: string): Promise<void> {
  await db.insert(loopStatus).values(
    [["observe-hosts", 34, 0, null], ["place-instances", 12, 1, null], ["converge-instances", 88, 2, "staging: the storage pool refused the disk"], ["fence-hosts", 6, 1, null]].map(([name, lastDurationMs, backlog, lastError]) => ({
      name: String(name), worker: "wrk_fixture", lastStartedAt: ago(1200), lastFinishedAt: ago(1100), lastDurationMs: Number(lastDurationMs), backlog: Number(backlog), lastError: lastError === null ? null : String(lastError), lastErrorAt: lastError === null ? null : ago(60_000), runs: 4211, failures: lastError === null ? 0 : 4,
    })),
  );
  const base = { clusterId, subjectOrganizationId: organizationId, basedOn: { cluster: 4 }, inputs: { demand: { vcpus: 2, memoryMiB: 4096 } }, createdAt: ago(HOUR_MS) };
  await db.insert(decision).values([
    { ...base, id: mint("decision"), kind: "place", chosen: { host: "tokyo-1-h1" }, rejected: [{ host: "tokyo-1-h2", reason: "It is cordoned." }, { host: "tokyo-1-h3", reason: "It does not answer." }], reason: "tokyo-1-h1 has the most free memory after the placement.", predicted: { freeMemoryMiB: 32_000 }, measured: { startMs: 1810 }, outcome: "applied", finishedAt: ago(HOUR_MS - 2000) },
    { ...base, id: mint("decision"), kind: "refuse", chosen: {}, rejected: [{ host: "tokyo-1-h1", reason: "4 dedicated vCPUs asked, 1 free." }], reason: "No host has room for batch.", outcome: "refused" },
  ]);
}
