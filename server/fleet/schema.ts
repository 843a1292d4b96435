import { z } from "zod";
import { isId } from "@/server/platform/id";

export const clusterIdInput = z.string().refine((text) => isId("cluster", text), { error: "is no cluster id" });
export const hostIdInput = z.string().refine((text) => isId("host", text), { error: "is no host id" });

/** How to reach a management controller. Kept with the worker; never shown again. */
export const powerConfigInput = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ipmi"), address: z.string().min(1).max(253), port: z.number().int().min(1).max(65_535).default(623), username: z.string().max(16), password: z.string().max(20) }),
  z.object({ kind: z.literal("redfish"), url: z.url(), username: z.string().max(255), password: z.string().max(255), systemId: z.string().min(1).max(255), caCertificate: z.string().max(20_000).optional() }),
  z.object({ kind: z.literal("wol"), macAddress: z.string().regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i), broadcastAddress: z.string().min(1), probeAddress: z.string().min(1), probePort: z.number().int().min(1).max(65_535) }),
  z.object({ kind: z.literal("simulated"), hostName: z.string().min(1).max(253), outlet: z.string().min(1).max(253).optional() }),
]);
export type PowerConfigInput = z.output<typeof powerConfigInput>;

/**
 * A second device beside the first. `outlet`: the one switched outlet that feeds the whole host; `controller`: another controller of the same machine;
 * `both`: first and second are outlets of two supplies, and only both together cut the power.
 */
export const secondPowerInput = z.object({
  role: z.enum(["outlet", "controller", "both"]),
  device: powerConfigInput.refine((device) => device.kind !== "wol", { error: "cannot switch a host off: wake-on-LAN is no second device" }),
});
export type SecondPowerInput = z.output<typeof secondPowerInput>;

/** Null takes the second device away. */
export const setSecondPowerInput = z.object({ hostId: hostIdInput, second: secondPowerInput.nullable() });
export type SetSecondPowerInput = z.output<typeof setSecondPowerInput>;

export const enrolHostInput = z.object({
  clusterId: clusterIdInput,
  name: z.string().trim().regex(/^[a-z0-9][a-z0-9.-]{0,62}$/, { error: "has 1 to 63 of a-z, 0-9, dot and dash" }),
  uri: z.string().regex(/^(tcp|tls|unix|simulated):\/\/\S{1,500}$/, { error: "looks like tls://host.example:16514" }),
  managementAddress: z.string().trim().min(1).max(253),
  power: powerConfigInput,
  secondPower: secondPowerInput.nullish(),
  systemMemoryMiB: z.number().int().min(0).max(1_048_576).default(0),
  failureDomain: z.string().max(63).default(""),
}).refine(({ power, secondPower }) => power.kind !== "wol" || secondPower?.role !== "both", { error: "cannot be switched off by both: wake-on-LAN cannot switch a host off", path: ["secondPower", "role"] });
export type EnrolHostInput = z.output<typeof enrolHostInput>;

/** Changes of a cluster's policy; what is not named stays. */
export const policyInput = z.object({
  clusterId: clusterIdInput,
  cpuRatio: z.number().min(0.1).max(64).optional(),
  memoryRatio: z.number().min(0.1).max(4).optional(),
  storageRatio: z.number().min(0.1).max(32).optional(),
  storageFloorFraction: z.number().min(0).max(0.9).optional(),
  failoverHosts: z.number().int().min(0).max(16).optional(),
  /** Every host is asked once a second: anything shorter would suspect, and fence, by chance. */
  suspectAfterSeconds: z.number().min(1).max(600).optional(),
  fenceAfterSeconds: z.number().min(3).max(3_600).optional(),
  fenceBrakeFraction: z.number().min(0.01).max(1).optional(),
});
export type PolicyInput = z.output<typeof policyInput>;

export const createClusterInput = z.object({
  name: z.string().trim().min(1).max(63),
  hypervisor: z.enum(["libvirt", "simulated"]),
  cpuModel: z.string().min(1).max(63),
});

export const decisionListInput = z.object({
  cursor: z.string().max(64).nullish(),
  limit: z.number().int().min(1).max(100).default(50),
  kind: z.enum(["place", "refuse", "migrate", "evacuate", "failover", "fence", "resize", "rebalance", "consolidate", "wake", "sleep", "update"]).optional(),
  instanceId: z.string().max(64).optional(),
  hostId: z.string().max(64).optional(),
  clusterId: z.string().max(64).optional(),
});

/** HH:MM of a day. */
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: "looks like 22:30" });
export const dailyWindowInput = z.object({ from: timeOfDay, to: timeOfDay, days: z.array(z.number().int().min(0).max(6)).max(7).optional() });
const windows = z.array(dailyWindowInput).max(14);
const timeZone = z.string().max(64).refine((zone) => isTimeZone(zone), { error: "is no time zone, like Europe/Paris" });

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

const mode = z.enum(["off", "advise", "automatic"]);
/** Changes of what a cluster does by itself; what is not named stays. */
export const automationInput = z.object({
  clusterId: clusterIdInput,
  timeZone: timeZone.optional(),
  rebalance: mode.optional(),
  aggressiveness: z.number().int().min(1).max(5).optional(),
  quietHours: windows.optional(),
  movesPerHour: z.number().int().min(0).max(1_000).optional(),
  movesPerHostPerHour: z.number().int().min(0).max(100).optional(),
  fastWriters: z.enum(["leave", "post-copy"]).optional(),
  consolidate: mode.optional(),
  consolidateWindows: windows.optional(),
  minAwakeHosts: z.number().int().min(1).max(1_000).optional(),
  minAwakeSeconds: z.number().int().min(0).max(604_800).optional(),
  minAsleepSeconds: z.number().int().min(0).max(604_800).optional(),
  maxCycles: z.number().int().min(1).max(1_000).optional(),
  cycleHours: z.number().int().min(1).max(168).optional(),
  wakeTestDays: z.number().int().min(0).max(365).optional(),
  wakeTestWindows: windows.optional(),
  wakeTimeoutSeconds: z.number().int().min(5).max(3_600).optional(),
  electricityCurrency: z.string().regex(/^[A-Z]{3}$/).optional(),
  electricityMicrosPerKwh: z.number().int().min(0).max(1_000_000_000).optional(),
  carbonGramsPerKwh: z.number().min(0).max(5_000).optional(),
  hungAfterSeconds: z.number().int().min(0).max(86_400).optional(),
  hungRestartsPerHour: z.number().int().min(0).max(60).optional(),
  /** Days between two crashes on purpose of a marked host; 0 is never. */
  drillDays: z.number().int().min(0).max(365).optional(),
  drillWindows: windows.optional(),
});
export type AutomationInput = z.output<typeof automationInput>;

/** What only an operator knows of a host's power. */
export const hostPowerInput = z.object({
  hostId: hostIdInput,
  keepAwake: z.boolean().optional(),
  /** It may be crashed on purpose by a drill. */
  drillable: z.boolean().optional(),
  /** Eleven figures: watts at 0, 10, ... 100 % of the cores busy. */
  powerCurve: z.object({ watts: z.array(z.number().min(0).max(100_000)).length(11), asleepWatts: z.number().min(0).max(10_000) }).nullish(),
  linkMbps: z.number().int().min(1).max(1_000_000).nullish(),
});
export type HostPowerInput = z.output<typeof hostPowerInput>;

/** A rule about where instances may be. Higher priorities of hosts are preferred; a rule that is not strict is a preference. */
export const placementRuleInput = z.object({
  clusterId: clusterIdInput,
  kind: z.enum(["hosts", "apart", "together"]),
  instanceIds: z.array(z.string().refine((text) => isId("instance", text), { error: "is no instance id" })).min(1).max(1_000),
  hosts: z.array(z.object({ hostId: hostIdInput, priority: z.number().int().min(0).max(1_000).default(0) })).max(1_000).default([]),
  strict: z.boolean().default(true),
});
export type PlacementRuleInput = z.output<typeof placementRuleInput>;

/** A rolling update: which hosts, how many at once, and what is done to each while it is empty. */
export const updateInput = z.object({
  clusterId: clusterIdInput,
  name: z.string().trim().min(1).max(120),
  hostIds: z.array(hostIdInput).min(1).max(1_000),
  hostsAtOnce: z.number().int().min(1).max(100).default(1),
  step: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("webhook"), url: z.url({ protocol: /^https?$/ }).max(2_000) }),
    z.object({ kind: z.literal("command"), command: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, { error: "is the name of a program in the folder of update commands" }) }),
    z.object({ kind: z.literal("none") }),
  ]),
  stepTimeoutSeconds: z.number().int().min(1).max(86_400).default(1_800),
});
export type UpdateInput = z.output<typeof updateInput>;
