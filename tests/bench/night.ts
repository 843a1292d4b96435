import { inGuest, readInstance, until, type Stage } from "@/server/lab/demo/story/stage";
import { withLab } from "./support/lab-session";
import type { Bench, BenchRow } from "./types";

/** micro-2 machines of the burst: more than two of three hosts hold while the loss of one is survived. */
const BURST = 5;

/**
 * A night and a morning on real hosts: an idle cluster puts a host to sleep with a certificate, a burst of orders wakes it, and a
 * host on which guests fight for the processor is relieved by itself. `npm run bench -- night [no-relief]`.
 */
export const run: Bench = async ({ args }) => {
  const rows: BenchRow[] = [];
  const raw: Record<string, unknown> = {};
  const say = (row: BenchRow): void => {
    rows.push(row);
    console.error(`  ${row.label}: ${row.value} ${row.unit}`);
  };
  await withLab(async (stage) => {
    const { api } = stage.operator;
    const cluster = (await api.admin.clusters.list.query()).items[0];
    if (!cluster) throw new Error("The lab has no cluster.");
    const clusterId = cluster.id;
    const few = [stage.instanceId, ...(await orderMany(stage, "micro-1", 3))];
    await untilAllRun(stage, few);
    const nightMs = Date.now();
    await api.admin.automation.update.mutate({ clusterId, consolidate: "automatic", minAwakeHosts: 2, minAwakeSeconds: 0, minAsleepSeconds: 0, maxCycles: 100, wakeTimeoutSeconds: 60 });
    const asleep = await until("a host sleeps", 180_000, async () => (await hosts(stage)).find((host) => host.state === "asleep"));
    await until("its controller says so", 60_000, async () => (await api.admin.hosts.story.query({ hostId: asleep.id })).some((line) => line.kind === "power" && line.what === "asleep"));
    say({ label: "idle until a host sleeps", value: (Date.now() - nightMs) / 1_000, unit: "s" });
    const [certificate] = await api.admin.automation.certificates.query({ clusterId });
    raw["certificate"] = certificate;
    if (certificate?.state !== "valid" || !certificate.asleepHostIds.includes(asleep.id)) throw new Error("The host sleeps without a valid certificate.");
    console.error(`  ${asleep.name} sleeps; certificate ${certificate.id}`);

    const morningMs = Date.now();
    const burst = await orderMany(stage, "micro-2", BURST);
    await until(`${asleep.name} is up again`, 180_000, async () => (await hosts(stage)).find((host) => host.id === asleep.id)?.state === "up");
    say({ label: "burst until the sleeper is up", value: (Date.now() - morningMs) / 1_000, unit: "s" });
    await untilAllRun(stage, burst);
    say({ label: `burst of ${BURST} until all run`, value: (Date.now() - morningMs) / 1_000, unit: "s" });
    raw["story"] = await api.admin.hosts.story.query({ hostId: asleep.id });
    await api.admin.automation.update.mutate({ clusterId, consolidate: "off" });
    if (args[0] !== "no-relief") await relieve(stage, clusterId, [...few, ...burst], say, raw);
    raw["power"] = (await api.admin.automation.powerTimeline.query({ clusterId, days: 1 })).events;
    stage.others.push(...few.slice(1), ...burst);
  }, { deleteAtEnd: false });
  return { name: "night", rows, raw };
};

const hosts = async (stage: Stage) => (await stage.operator.api.admin.hosts.list.query({})).items;

async function orderMany(stage: Stage, flavorName: string, count: number): Promise<string[]> {
  const { api } = stage.tenant;
  const { organization } = stage;
  const flavor = (await api.catalog.flavors.query({ organization })).find((candidate) => candidate.name === flavorName);
  const image = (await api.images.list.query({ organization })).find((candidate) => candidate.status === "available" && candidate.public);
  if (!flavor || !image) throw new Error(`The catalog has no flavor ${flavorName} or no public image.`);
  const names = Array.from({ length: count }, (_, index) => `${flavorName}-${Date.now().toString(36)}-${index}`);
  return (await Promise.all(names.map((name) => api.instances.create.mutate({ organization, name, flavorId: flavor.id, imageId: image.id })))).map((one) => one.id);
}

async function untilAllRun(stage: Stage, ids: readonly string[]): Promise<void> {
  for (const id of ids) await until(`${id} runs`, 240_000, async () => (await readInstance(stage, id)).status === "running", 500);
}

/** Two guests of one host burn one processor each: that host is wanted for far more than the others. */
async function relieve(stage: Stage, clusterId: string, ids: readonly string[], say: (row: BenchRow) => void, raw: Record<string, unknown>): Promise<void> {
  const { api } = stage.operator;
  const here = new Map<string, { id: string; vcpus: number }[]>();
  for (const host of await hosts(stage)) {
    const { instances } = await api.admin.hosts.get.query({ hostId: host.id });
    here.set(host.id, instances.filter((one) => ids.includes(one.instanceId)).map((one) => ({ id: one.instanceId, vcpus: one.vcpus })));
  }
  const [hostId, guests] = [...here].sort((a, b) => b[1].length - a[1].length)[0] ?? ["", []];
  const burning = guests.slice(0, 2);
  console.error(`  ${burning.length} of ${guests.length} guests burn on one host`);
  for (const guest of burning) {
    const burners = "setsid sh -c 'while :; do :; done' >/dev/null 2>&1 </dev/null &";
    await until("the guest burns", 240_000, () => inGuest(stage, guest.id, async (one) => {
      await one.run(burners);
      return true;
    }), 2_000);
  }
  const hotMs = Date.now();
  await api.admin.automation.update.mutate({ clusterId, rebalance: "automatic", aggressiveness: 5 });
  const decision = await until("the hot host is relieved", 600_000, async () => (await api.admin.decisions.list.query({ kind: "rebalance", clusterId, limit: 5 })).items[0], 1_000);
  await until("a guest has left it", 120_000, async () => (await api.admin.hosts.get.query({ hostId })).instances.filter((one) => burning.some((guest) => guest.id === one.instanceId)).length < burning.length, 1_000);
  say({ label: "hot until relieved", value: (Date.now() - hotMs) / 1_000, unit: "s" });
  raw["relief"] = decision;
  console.error(`  ${decision.reason}`);
}

