import fc from "fast-check";
import type { ClusterSnapshot, Instance } from "@/server/planner";
import { firstRefusing, STAY_RULES } from "@/server/planner/constraints";
import { buildModel, putInstance } from "@/server/planner/model/model";
import { fleet, host, instance, STANDARD } from "./fleet";

const NOW = 1_000_000;
const often = (n: number) => fc.integer({ min: 0, max: n }).map((one) => one > 0);
const rarely = (n: number) => fc.integer({ min: 0, max: n }).map((one) => one === 0);

const hosts = fc.array(
  fc.record({
    state: fc.constantFrom("up" as const, "up" as const, "up" as const, "up" as const, "asleep" as const, "down" as const),
    cordoned: rarely(5),
    maintenance: rarely(7),
    large: fc.boolean(),
    zone: fc.constantFrom("a", "b", "c"),
    lan: often(6),
    pool: often(8),
    modern: often(4),
    woke: fc.constantFrom(undefined, 100, 10_000),
    slept: fc.constantFrom(undefined, undefined, 5_000),
    link: fc.constantFrom(undefined, "east", "west"),
  }),
  { minLength: 1, maxLength: 7 },
);

const instances = fc.array(
  fc.record({
    vcpus: fc.constantFrom(1, 2, 4),
    memoryMiB: fc.constantFrom(1024, 2048, 4096, 8192),
    reserve: fc.constantFrom(0, 250, 1000),
    on: often(5),
    canMigrate: often(6),
    modern: rarely(3),
    at: fc.integer({ min: 0, max: 6 }),
    priority: fc.integer({ min: 0, max: 3 }),
    after: rarely(4),
    moved: rarely(4),
    refuses: rarely(4),
    busy: rarely(3),
    dirty: fc.constantFrom(undefined, undefined, undefined, 2_000),
    pool: often(1),
  }),
  { maxLength: 16 },
);

const policy = fc.record({
  reserve: fc.constantFrom(0, 0, 1, 2),
  risk: fc.constantFrom(undefined, undefined, 0.05),
  group: fc.constantFrom("host", "zone", "together", "none"),
  pinned: fc.boolean(),
  startsPerHost: fc.constantFrom(undefined, 1),
  migrationsPerLink: fc.constantFrom(undefined, 1),
  peak: rarely(3),
});

/** Small fleets with everything in them. Instances start where they may be, so that whatever is wrong afterwards is the plan's doing. */
export const fleets: fc.Arbitrary<ClusterSnapshot> = fc.record({ hosts, instances, policy }).map(({ hosts: plainHosts, instances: plainInstances, policy: wishes }) => {
  const made = plainHosts.map((one, index) =>
    host(`h${index}`, {
      state: one.state,
      cordoned: one.cordoned,
      maintenance: one.maintenance && one.state !== "up",
      cpuCores: one.large ? 16 : 8,
      memoryMiB: one.large ? 33792 : 17408,
      failureDomains: { zone: one.zone },
      networks: one.lan ? ["lan"] : [],
      storagePools: one.pool ? ["pool"] : [],
      cpuModels: one.modern ? ["x86-64-v2", "x86-64-v3"] : ["x86-64-v2"],
      stateSinceSeconds: one.woke === undefined ? undefined : NOW - one.woke,
      lastSleptSeconds: one.slept === undefined ? undefined : NOW - one.slept,
      link: one.link,
    }),
  );
  const wanted = plainInstances.map((one, index) =>
    instance(`i${index}`, null, {
      vcpus: one.vcpus,
      memoryMiB: one.memoryMiB,
      wanted: one.on ? "on" : "off",
      canMigrate: one.canMigrate,
      cpuModel: one.modern ? "x86-64-v3" : null,
      priority: one.priority,
      startAfter: one.after && index > 0 ? [`i${index - 1}`] : [],
      lastMovedSeconds: one.moved ? NOW - 60 : undefined,
      consentWindows: one.refuses ? [{ fromSeconds: NOW + 10, toSeconds: NOW + 20 }] : undefined,
      demand: one.busy ? { cpuMillicores: one.vcpus * 800, cpuSpreadMillicores: one.vcpus * 300, memoryMiB: one.memoryMiB } : undefined,
      dirtyMiBPerSecond: one.dirty,
      disks: one.pool ? [{ storagePoolId: "pool", sizeMiB: 1024 }] : [],
      instanceClass: { ...STANDARD, cpuReservationMillicoresPerVcpu: one.reserve },
    }),
  );
  const members = ["i0", "i1", "i2"];
  const memoryMiB = 40_000;
  const empty = fleet(made, wanted, {
    policy: {
      failoverReserveHosts: wishes.reserve,
      maxContentionPart: wishes.risk,
      startsPerHost: wishes.startsPerHost,
      migrationsPerLink: wishes.migrationsPerLink,
      minAwakeSeconds: 1800,
      migrationsPerHost: 2,
    },
    groups: wishes.group === "none" ? [] : [{ id: "g", kind: wishes.group === "together" ? "together" : "apart", hard: true, scope: wishes.group === "zone" ? "zone" : "host", instanceIds: members }],
    hostRules: wishes.pinned ? [{ id: "r", kind: "never", hard: true, instanceIds: ["i3", "i4", "i5"], hostIds: ["h0", "h2"] }] : [],
    history: wishes.peak ? { stepSeconds: 3600, endSeconds: NOW, cpuMillicores: Array.from({ length: 72 }, () => 4_000), memoryMiB: Array.from({ length: 72 }, () => memoryMiB) } : undefined,
  });
  const model = buildModel(empty);
  const seated = wanted.flatMap((one, index): Instance[] => {
    const start = (plainInstances[index]?.at ?? 0) % made.length;
    for (let step = 0; step < made.length; step += 1) {
      const target = (start + step) % made.length;
      if (model.hosts[target]?.state !== "up" || firstRefusing(STAY_RULES, model, index, target) !== null) continue;
      putInstance(model, index, target);
      return [{ ...one, hostId: `h${target}` }];
    }
    return [];
  });
  return { ...empty, instances: seated };
});
