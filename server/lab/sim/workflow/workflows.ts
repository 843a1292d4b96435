import { createInstance, deleteInstance, purgeInstance, rebootInstance, resizeInstance, restoreInstance, startInstance, stopInstance, suspendInstance } from "@/server/compute";
import { drainHost } from "@/server/fleet";
import { Operator } from "../timeline/operator";
import type { Life } from "./life";

/** Something that people or fate ask of the control plane, and that has to end well wherever its worker dies. */
export interface Workflow {
  readonly name: string;
  /** Loops that carry it out, and calls of hosts and controllers that change something in it. */
  readonly loops: readonly string[];
  readonly calls: readonly string[];
  /** What is there before: an instance that runs, unless it says otherwise. */
  readonly before?: (life: Life) => Promise<void>;
  readonly ask: (life: Life) => Promise<unknown> | void;
}

const stopped = async (life: Life): Promise<void> => {
  await life.ask(() => stopInstance(life.room.tenant, { instanceId: life.instanceId, force: true }));
  await life.settle();
};

const deleted = async (life: Life): Promise<void> => {
  await life.ask(() => deleteInstance(life.room.tenant, { instanceId: life.instanceId }));
  await life.settle();
};

const suspended = async (life: Life): Promise<void> => {
  await life.ask(() => suspendInstance(life.room.tenant, { instanceId: life.instanceId }));
  await life.settle();
};

const heldByStorage = async (life: Life): Promise<void> => {
  life.room.world.fillPool("shared", 0);
  await life.until(() => life.standsStill());
};

export const WORKFLOWS: readonly Workflow[] = [
  { name: "order", loops: ["place-instances", "converge-instances", "observe-hosts"], calls: ["ensureVolume", "uploadVolume", "startDomain"], before: () => Promise.resolve(), ask: (life) => life.ask(() => createInstance(life.room.tenant, { name: "second", flavorId: life.room.flavorId, imageId: life.room.imageId })) },
  { name: "stop", loops: ["converge-instances"], calls: ["stopDomain"], ask: (life) => life.ask(() => stopInstance(life.room.tenant, { instanceId: life.instanceId, force: true })) },
  { name: "start", loops: ["converge-instances"], calls: ["startDomain"], before: stopped, ask: (life) => life.ask(() => startInstance(life.room.tenant, { instanceId: life.instanceId })) },
  { name: "reboot", loops: ["converge-instances"], calls: ["rebootDomain"], ask: (life) => life.ask(() => rebootInstance(life.room.tenant, { instanceId: life.instanceId, mode: "reset" })) },
  { name: "resize", loops: ["converge-instances"], calls: ["resizeDomain", "growDisk"], ask: (life) => life.ask(() => resizeInstance(life.room.tenant, { instanceId: life.instanceId, flavorId: life.room.largerFlavorId })) },
  { name: "resize while off", loops: ["converge-instances"], calls: ["growVolume"], before: stopped, ask: (life) => life.ask(() => resizeInstance(life.room.tenant, { instanceId: life.instanceId, flavorId: life.room.largerFlavorId })) },
  { name: "migrate", loops: ["migrate-instances"], calls: ["migrate", "abortMigration", "removeDomain"], ask: (life) => life.ask(() => new Operator(life.room, life.hostIds, new Map([["it", life.instanceId]])).migrate("it", life.otherHost())) },
  { name: "evacuate", loops: ["evacuate-hosts", "migrate-instances"], calls: ["migrate", "abortMigration"], ask: (life) => life.ask(() => drainHost(life.room.provider, life.hostIds.get(life.home()) ?? "")) },
  { name: "fail over", loops: ["observe-hosts", "fence-hosts", "fail-over-instances", "return-hosts", "remove-strays"], calls: ["powerOff", "startDomain", "removeDomain"], ask: (life) => life.room.world.crash(life.home()) },
  { name: "suspend", loops: ["converge-instances"], calls: ["saveDomain"], ask: (life) => life.ask(() => suspendInstance(life.room.tenant, { instanceId: life.instanceId })) },
  { name: "resume", loops: ["place-instances", "converge-instances"], calls: ["restoreDomain"], before: suspended, ask: (life) => life.ask(() => startInstance(life.room.tenant, { instanceId: life.instanceId })) },
  { name: "go on after a full storage", loops: ["observe-hosts", "converge-instances"], calls: ["resumeDomain"], before: heldByStorage, ask: (life) => life.room.world.fillPool("shared", null) },
  { name: "delete", loops: ["converge-instances"], calls: ["stopDomain", "removeDomain"], ask: (life) => life.ask(() => deleteInstance(life.room.tenant, { instanceId: life.instanceId })) },
  { name: "restore", loops: ["place-instances", "converge-instances"], calls: ["startDomain"], before: deleted, ask: (life) => life.ask(async () => {
    await restoreInstance(life.room.tenant, { instanceId: life.instanceId });
    await startInstance(life.room.tenant, { instanceId: life.instanceId });
  }) },
  { name: "purge", loops: ["converge-instances", "purge-trash"], calls: ["deleteVolume"], before: deleted, ask: (life) => life.ask(() => purgeInstance(life.room.tenant, { instanceId: life.instanceId })) },
];

/** Calls of drivers that change nothing, or that no loop makes, and why. */
export const CALLS_ELSEWHERE: Readonly<Record<string, string>> = {
  ping: "asks",
  facts: "asks",
  observe: "asks",
  listPools: "asks",
  listVolumes: "asks",
  readLease: "asks",
  dirtyRate: "asks",
  screenEndpoint: "asks",
  screenshot: "asks",
  listGuestFiles: "asks",
  readGuestFile: "asks",
  writeGuestFile: "a person's file through the gateway: no loop makes it",
  powerStatus: "asks",
  powerReading: "asks",
  personaliseGuest: "files of the guest through its agent, again until they are there",
  agentCommand: "talks to the guest's agent: passwords and names of desktops, again until it answered",
  askToYield: "a request on the storage that a host reads: tests/reconcilers",
  powerOn: "wakes hosts: tests/scenarios",
};

/** Loops whose work no workflow here waits for, and where it is tried. */
export const LOOPS_ELSEWHERE: Readonly<Record<string, string>> = {
  "enroll-hosts": "every life begins with it",
  "rebalance-clusters": "its moves are migrations",
  "consolidate-clusters": "its moves are migrations; sleep is tried in tests/scenarios",
  "guard-certificates": "tests/scenarios",
  "power-hosts": "tests/scenarios",
  "wake-hosts": "tests/scenarios",
  "meter-power": "writes readings",
  "watch-leases": "tests/reconcilers",
  "follow-incidents": "writes a story",
  "advise-evacuations": "advises; what is accepted is an evacuation",
  "restart-hung-guests": "its restarts are reboots",
  "update-hosts": "its drains are evacuations",
  "follow-rules": "its moves are migrations",
  "import-images": "real files: tests/reconcilers",
  "meter-resources": "writes windows; seeds compare them with the truth",
  "issue-invoices": "tests/services/billing",
  "watch-budgets": "tests/services/billing",
  "recount-usage": "compares",
  "keep-samples": "tidies",
  "enforce-standing": "its stops are stops",
  "keep-desktops": "its machines are orders and deletions",
  "check-golden-images": "its machines are orders and deletions",
  "send-outbox": "mail",
  "play-rehearsals": "plays on a copy",
  "drill-hosts": "its crashes are failovers",
  "picture-desktops": "asks",
  "expire-records": "tidies",
};
