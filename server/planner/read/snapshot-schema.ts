/** The part of JSON Schema that is used here; `read/validate.ts` knows exactly this much. */
export interface Schema {
  type?: "object" | "array" | "string" | "number" | "boolean";
  description?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
  required?: string[];
  items?: Schema;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  /** Also null. In figures null stands for "no sound value": such a host or instance is left out by name. */
  nullable?: boolean;
}

const text = (description: string): Schema => ({ type: "string", description });
const figure = (description: string): Schema => ({ type: "number", nullable: true, description });
const count = (description: string): Schema => ({ type: "number", minimum: 0, description });
const part = (description: string): Schema => ({ type: "number", minimum: 0, maximum: 1, description });
const flag = (description: string): Schema => ({ type: "boolean", description });
const choice = (values: string[], description: string): Schema => ({ type: "string", enum: values, description });
const texts = (description: string): Schema => ({ type: "array", items: { type: "string" }, description });
const figures = (description: string): Schema => ({ type: "array", items: { type: "number", nullable: true }, description });
const object = (properties: Record<string, Schema>, required: string[] = [], description?: string): Schema => ({ type: "object", properties, required, ...(description === undefined ? {} : { description }) });

const history = object(
  {
    stepSeconds: { type: "number", minimum: 1, description: "Distance of the samples." },
    endSeconds: figure("When the last sample ends."),
    cpuMillicores: figures("What was wanted, oldest first, in thousandths of a core."),
    memoryMiB: figures("Cluster only: what was booked for instances."),
    vcpus: figures("Cluster only: what was booked for instances."),
  },
  ["stepSeconds", "endSeconds", "cpuMillicores"],
  "Measured demand of the last days or weeks.",
);

const host = object(
  {
    id: text("Unique."),
    name: text("For people. Default: the id."),
    generation: count("Changes with whatever matters to a plan. Default 0."),
    state: choice(["up", "waking", "asleep", "down"], "Default up."),
    cordoned: flag("Takes nothing new. Default false."),
    maintenance: flag("Runs nothing. Default false."),
    cpuCores: figure("Physical cores."),
    memoryMiB: figure("Physical memory."),
    systemMemoryMiB: figure("Memory of the host itself. Default 0."),
    cpuModels: texts("Guest CPU models that it offers. Default none."),
    storagePools: texts("Pools that it reaches. Default none."),
    networks: texts("Networks that it reaches. Default none."),
    failureDomains: { type: "object", additionalProperties: { type: "string" }, description: "By kind, for example {\"zone\": \"a\"}." },
    power: object({ watts: figures("At 0, 10 ... 100 % busy: 11 numbers."), asleepWatts: count("While it sleeps.") }, ["watts", "asleepWatts"]),
    wakeSeconds: count("From switching on to taking instances. Default 120."),
    stateSinceSeconds: figure("When it last woke or went to sleep."),
    lastSleptSeconds: figure("When it was last put to sleep."),
    link: text("Name of a link that its migrations share with other hosts."),
    linkMbps: count("Bandwidth for migrations. Default: the policy's."),
    measuredCpuMillicores: figure("Measured use."),
  },
  ["id", "cpuCores", "memoryMiB"],
);

const instanceClass = object(
  {
    name: text("For people."),
    cpuReservationMillicoresPerVcpu: figure("Guaranteed for each vCPU."),
    cpuLimitMillicoresPerVcpu: figure("Cap for each vCPU."),
    cpuSharesPerVcpu: count("Weight in contention."),
    memoryReservationRatio: figure("Guaranteed part of the memory, 0..1."),
    memorySharesPerMiB: count("Weight in contention."),
  },
  ["name", "cpuReservationMillicoresPerVcpu", "cpuLimitMillicoresPerVcpu", "cpuSharesPerVcpu", "memoryReservationRatio", "memorySharesPerMiB"],
);

export const INSTANCE_SCHEMA = object(
  {
    id: text("Unique."),
    name: text("For people. Default: the id."),
    generation: count("Changes with whatever matters to a plan. Default 0."),
    vcpus: figure("Sold vCPUs."),
    memoryMiB: figure("Sold memory."),
    instanceClass,
    wanted: choice(["on", "off"], "Default on."),
    hostId: { type: "string", nullable: true, description: "Where it is; null or absent waits for a place." },
    cpuModel: { type: "string", nullable: true, description: "Guest CPU model; null takes any." },
    disks: { type: "array", items: object({ storagePoolId: text("Pool."), sizeMiB: figure("Sold."), usedMiB: figure("Written so far.") }, ["storagePoolId", "sizeMiB"]) },
    networks: texts("Networks that it needs."),
    canMigrate: flag("Default true."),
    priority: { type: "number", description: "Restart order, higher first. Default 0." },
    startAfter: texts("Instances that must be started before."),
    demand: object({ cpuMillicores: figure("Expected."), cpuSpreadMillicores: figure("One standard deviation."), memoryMiB: figure("Expected.") }, ["cpuMillicores", "cpuSpreadMillicores"]),
    history,
    dirtyMiBPerSecond: count("How fast it writes its memory. Default 16."),
    lastMovedSeconds: figure("For the cooldown."),
    consentWindows: { type: "array", items: object({ fromSeconds: figure("From."), toSeconds: figure("To, not included.") }, ["fromSeconds", "toSeconds"]), description: "When its owner agrees to be moved. Absent: always." },
  },
  ["id", "vcpus", "memoryMiB"],
);

const policy = object({
  cpuRatio: count("vCPUs sold for each core. Default 8."),
  memoryRatio: count("Memory sold for each physical MiB. Default 1."),
  storageRatio: count("Default 1."),
  storageFloorMiB: count("Physical space that is never sold. Default 0."),
  failoverReserveHosts: count("Any so many hosts may fail at once. Default 0."),
  cooldownSeconds: count("Default 0."),
  migrationsPerHost: count("Default 2."),
  migrationsAtOnce: count("Default 1000."),
  migrationsPerLink: count("Over one named link. Default: any number."),
  startsPerHost: count("Default: any number."),
  linkMbps: count("Default 10000."),
  minAwakeSeconds: count("Default 0."),
  minAsleepSeconds: count("Default 1800."),
  powerCycleSeconds: count("One sleep per host in so many seconds. Default 28800."),
  postCopy: flag("Default false."),
  maxContentionPart: part("Overcommit by risk: part of minutes. Absent: no such rule."),
  demandCorrelation: part("Between the demands of two instances. Default 0.1."),
  imbalanceThreshold: count("Score above which rebalancing begins. Default 0."),
  imbalanceHoldSeconds: count("How long it must have lasted. Default 0."),
  horizonSeconds: count("How long the effect of a move is counted. Default 3600."),
});

/** A snapshot file: `npm run plan -- --schema` prints this as JSON Schema. */
export const SNAPSHOT_SCHEMA: Schema = object(
  {
    clusterId: text("Default: file."),
    generation: count("Default 0."),
    takenAtSeconds: figure("Seconds since 1970. Default 0."),
    hosts: { type: "array", items: host },
    instances: { type: "array", items: INSTANCE_SCHEMA },
    groups: {
      type: "array",
      items: object(
        { id: text("Unique."), kind: choice(["apart", "together"], "Kind."), hard: flag("A must, or a preference."), scope: text("host, or a kind of failure domain."), instanceIds: texts("Members.") },
        ["id", "kind", "hard", "scope", "instanceIds"],
      ),
    },
    hostRules: {
      type: "array",
      items: object(
        { id: text("Unique."), kind: choice(["only", "never"], "Kind."), hard: flag("A must, or a preference."), instanceIds: texts("Who."), hostIds: texts("Where.") },
        ["id", "kind", "hard", "instanceIds", "hostIds"],
      ),
    },
    storagePools: { type: "array", items: object({ id: text("Unique."), capacityMiB: count("Physical."), usedMiB: count("Physical."), allocatedMiB: count("Sold.") }, ["id", "capacityMiB", "usedMiB", "allocatedMiB"]) },
    policy,
    history,
    imbalancedSinceSeconds: figure("Since when the balance score is above the threshold."),
  },
  ["hosts", "instances"],
);
