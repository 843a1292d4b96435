import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addVersion, assignPeople, createPool, getPool, listGolden, logOff, openDesktop, publishVersion, readSession, updatePool } from "@/server/desktop";
import { rebuildInstance, startInstance, stopInstance } from "@/server/compute";
import { DriverError } from "@/server/drivers/errors";
import type { HypervisorDriver, HypervisorHost } from "@/server/drivers/hypervisor/types";
import type { Context } from "@/server/platform/context";
import type { Crew } from "@/server/reconcilers";
import { createCentre, until, untilHost, type Centre } from "./centre";
import { leaveUnused } from "./leave-unused";

type Step = "startDomain" | "stopDomain" | "ensureVolume" | "deleteVolume" | "removeDomain" | "saveDomain" | "restoreDomain";

/** Loops that make, give, wipe, meter and put aside; a death is the same beside the others. */
const LOOPS = [
  "enroll-hosts", "observe-hosts", "place-instances", "converge-instances", "keep-desktops", "check-golden-images", "meter-resources", "purge-trash", "remove-strays", "fence-hosts", "fail-over-instances", "return-hosts", "send-outbox",
] as const;

let centre: Centre;
let worker: Crew;
let poolId = "";
/** It booted the golden image for its check, and is on its way out: no file of it is anybody's. */
let checkMachine = "";
const people: Context[] = [];

/** The host does what it is asked by a first such call, and the worker is gone before it hears of it: nothing of that worker reaches any host from then on. */
function killerAfter(step: Step): { readonly wrap: (driver: HypervisorDriver) => HypervisorDriver; readonly killed: Promise<void> } {
  let dead = false;
  let tell = (): void => undefined;
  const killed = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const never = (): Promise<never> => new Promise(() => undefined);
  const wrapHost = (host: HypervisorHost): HypervisorHost =>
    new Proxy(host, {
      get(target, property, receiver) {
        const value: unknown = Reflect.get(target, property, receiver);
        if (typeof value !== "function" || property === "watch" || property === "close") return value;
        return async (...args: unknown[]) => {
          if (dead) return never();
          const result: unknown = await (Reflect.apply(value, target, args) as Promise<unknown>);
          if (dead) return never();
          if (property !== step) return result;
          dead = true;
          tell();
          return never();
        };
      },
    });
  return { wrap: (driver) => ({ kind: driver.kind, connect: (endpoint) => wrapHost(driver.connect(endpoint)) }), killed };
}

/** Does something while a worker lives that dies over a step of it; another one finds what it left. */
async function dieOver(step: Step, cause: () => Promise<unknown>, heir: (driver: HypervisorDriver) => HypervisorDriver = (driver) => driver): Promise<void> {
  await worker.stop();
  const killer = killerAfter(step);
  const doomed = await centre.startWorker({ wrap: killer.wrap, name: "doomed" });
  await cause();
  await killer.killed;
  await doomed.abandon();
  worker = await centre.startWorker({ name: "heir", wrap: heir });
}

/** No start is answered before a machine was seen to run: that it was started is known by looking alone. */
function silentStarts(driver: HypervisorDriver): HypervisorDriver {
  return {
    ...driver,
    connect(endpoint) {
      const host = driver.connect(endpoint);
      return {
        ...host,
        async startDomain(spec, options) {
          await host.startDomain(spec, options);
          const seen = await centre.rows(`select 1 from instance_observation where instance_id = '${spec.instanceId}' and state = 'running'`);
          if (seen.length === 0) throw new DriverError("timeout", "no answer came in time");
        },
      };
    },
  };
}

async function inGuest(instanceId: string, line: string): Promise<string> {
  const ask = (command: string, args: Record<string, unknown>): Promise<unknown> => centre.world.port.call("agentCommand", centre.runsOn(instanceId)[0] ?? "none", { instanceId, command, args });
  const { pid } = (await ask("guest-exec", { path: "/bin/sh", arg: ["-c", line], "capture-output": true })) as { pid: number };
  const { "out-data": out = "" } = (await ask("guest-exec-status", { pid })) as { "out-data"?: string };
  return Buffer.from(out, "base64").toString().trim();
}

const counts = async () => (await getPool(centre.tenant, { poolId })).counts;
const ready = (): Promise<void> => until("one stands ready", 60_000, async () => (await counts()).ready === 1, failures);
const failures = () => centre.rows(`select d.state, d.state_reason, o.state as seen, o.failures, o.last_error from desktop d left join instance_observation o on o.instance_id = d.instance_id where d.pool_id = '${poolId}' and d.state <> 'retired'`);

/** The machine of the only desktop; no step may have failed it, so that another one had to be made. */
async function machineNow(): Promise<string> {
  const rows = await centre.rows<{ id: string }>(`select instance_id as id from desktop where pool_id = '${poolId}'`);
  expect(rows).toHaveLength(1);
  return rows[0]!.id;
}

/** Opens it for somebody, with their session. */
async function open(person: Context): Promise<string> {
  const { sessionId } = await openDesktop(person, { poolId });
  await until("it is open", 60_000, async () => (await readSession(person, { sessionId })).state === "ready", failures);
  await until("its guest is up", 60_000, async () => inGuest(await machineNow(), "true").then(() => true, () => false));
  return sessionId;
}

/** What must be so once everything has settled: one owner, one machine on one host, no file more than its own, exact sums, and no second billed in which it did not run. */
async function checkEverything(): Promise<void> {
  const machine = await machineNow();
  expect(centre.runsOn(machine)).toHaveLength(1);
  expect(await centre.rows("select desktop_id from desktop_session where ended_at is null group by 1 having count(*) > 1")).toEqual([]);
  const wanted = async (): Promise<string[]> => (await centre.rows<{ name: string }>(`select name from volume where state = 'present' and instance_id = '${machine}' order by name`)).map((row) => row.name);
  const there = (): string[] => centre.world.status().volumes.map((volume) => volume.name).filter((name) => name !== "tiny.qcow2" && !name.startsWith(checkMachine)).toSorted();
  await until("no file is left of an earlier life", 60_000, async () => JSON.stringify(there()) === JSON.stringify(await wanted()), async () => ({ there: there(), wanted: await wanted() }));
  expect(there()).toHaveLength(2);
  expect(centre.world.tornGuests()).toEqual([]);
  await centre.checkInvariants();
  const runs = centre.world.runs().filter((run) => run.instanceId === machine);
  const billed = await centre.rows<{ from: string; to: string }>(`select extract(epoch from started_at) * 1000 as from, extract(epoch from ended_at) * 1000 as to from usage_window where meter = 'instance' and instance_id = '${machine}' order by started_at`);
  for (const { to } of billed) {
    // Ended while it ran, or at the end of a run: never in between. One millisecond is how finely the table keeps them.
    expect(runs.some((run) => run.startMs <= Number(to) && Number(to) <= (run.endMs ?? Infinity) + 1), JSON.stringify({ to, runs })).toBe(true);
  }
}

/** The first start that it is asked for is answered with silence, and takes effect only just before the second. */
function lateStart(): (driver: HypervisorDriver) => HypervisorDriver {
  let late: (() => Promise<void>) | null | undefined;
  return (driver) => ({
    ...driver,
    connect(endpoint) {
      const host = driver.connect(endpoint);
      return {
        ...host,
        async startDomain(...args) {
          if (late === undefined) {
            late = () => host.startDomain(...args);
            throw new DriverError("timeout", "no answer came in time");
          }
          const effect = late;
          late = null;
          await effect?.();
          await host.startDomain(...args);
        },
      };
    },
  });
}

beforeAll(async () => {
  // No host falls silent here: on a busy machine none may be taken for dead, and its guests with it.
  centre = await createCentre({ leaseTtlMs: 500, loops: LOOPS, policy: { suspectAfterSeconds: 60, fenceAfterSeconds: 120 } });
  worker = await centre.startWorker();
  for (const name of ["h1", "h2", "h3"]) await untilHost(centre, name, "up");
  const version = await addVersion(centre.tenant, { goldenImageName: "office", imageId: centre.imageId });
  await until("the version is checked", 60_000, async () => (await listGolden(centre.tenant))[0]?.state === "checked", () => listGolden(centre.tenant));
  await publishVersion(centre.tenant, { versionId: version.id });
  checkMachine = (await centre.rows<{ id: string }>("select check_instance_id as id from golden_version"))[0]!.id;
  for (const name of ["ann", "bob"]) {
    await centre.database.owner.execute(sql`insert into user_account (id, email, name, created_at) values (${`usr_${name}`}, ${`${name}@example.test`}, ${name}, now())`);
    await centre.database.owner.execute(sql`insert into member (organization_id, user_id, role, created_at) values (${centre.tenant.organizationId}, ${`usr_${name}`}, 'viewer', now())`);
    people.push({ ...centre.tenant, actor: { kind: "user", id: `usr_${name}` } });
  }
  await worker.stop();
}, 300_000);
afterAll(() => centre.close());

describe("a desktop whose worker dies", () => {
  it("over making it: it is made once, and known although nobody heard that it was started", { timeout: 300_000 }, async () => {
    const [golden] = await listGolden(centre.tenant);
    await dieOver("startDomain", async () => {
      ({ id: poolId } = await createPool(centre.tenant, { name: "deaths", kind: "floating", goldenImageId: golden!.goldenImageId, flavorId: centre.flavors.small, maximum: 1, minimumReady: 1 }));
      await assignPeople(centre.tenant, { poolId, everybody: true });
    }, silentStarts);
    await ready();
    const known = (): Promise<{ disk: number }[]> => centre.rows(`select o.rebuild_generation as disk from instance_observation o join desktop d on d.instance_id = o.instance_id where o.state = 'running'`);
    await until("it is known on which disk it runs", 60_000, async () => (await known())[0]?.disk === 1, known);
    await checkEverything();
  });

  it.each(["stopDomain", "ensureVolume", "startDomain", "deleteVolume"] as const)("over %s while it is wiped: the next person finds nothing of the last one", { timeout: 300_000 }, async (step) => {
    const [ann, bob] = [people[0]!, people[1]!];
    const session = await open(ann);
    await inGuest(await machineNow(), "echo hers > /var/secret; sync; echo hers > /tmp/secret");
    await dieOver(step, () => logOff(ann, { sessionId: session }));
    // Bob is in the queue already: he gets it at the first moment at which the broker takes it for clean.
    const next = await open(bob);
    expect(await inGuest(await machineNow(), "cat /var/secret /tmp/secret || echo clean")).toBe("clean");
    await logOff(bob, { sessionId: next });
    await ready();
    await checkEverything();
  });

  it.each(["saveDomain", "removeDomain", "restoreDomain"] as const)("over %s while it is put aside and goes on: it goes on once, and what it slept is billed as storage alone", { timeout: 300_000 }, async (step) => {
    const machine = await machineNow();
    await inGuest(machine, `echo ${step} > /tmp/note`);
    const aside = async (): Promise<void> => {
      await leaveUnused(centre, poolId, 120);
      await updatePool(centre.tenant, { poolId, minimumReady: 0 });
    };
    if (step === "restoreDomain") await aside();
    else await dieOver(step, aside);
    await until("it is put aside, and its place is free", 60_000, async () => (await counts()).suspended === 1 && (await centre.rows(`select 1 from allocation where instance_id = '${machine}'`)).length === 0, failures);
    await until("its run is billed to its end, and its disk goes on to be", 60_000, async () => {
      const windows = await centre.rows<{ meter: string; n: string }>(`select meter, count(*) as n from usage_window where instance_id = '${machine}' and closed_at is null group by 1`);
      return windows.every((row) => row.meter !== "instance") && windows.some((row) => row.meter === "storage");
    });
    const slept = Math.max(...centre.world.runs().filter((run) => run.instanceId === machine).map((run) => run.endMs ?? Infinity));
    const [ann] = [people[0]!];
    await updatePool(centre.tenant, { poolId, minimumReady: 1 });
    let session = "";
    if (step === "restoreDomain") await dieOver(step, async () => void (await openDesktop(ann, { poolId })));
    session = await open(ann);
    expect(await machineNow()).toBe(machine);
    expect(await inGuest(machine, "cat /tmp/note")).toBe(step);
    const billed = (): Promise<{ from: string }[]> => centre.rows(`select extract(epoch from started_at) * 1000 as from from usage_window where instance_id = '${machine}' and meter = 'instance' and ended_at > to_timestamp(${slept + 1} / 1000.0)`);
    await until("its new run is billed", 60_000, async () => (await billed()).length === 1, billed);
    expect(Number((await billed())[0]!.from)).toBeGreaterThan(slept);
    await logOff(ann, { sessionId: session });
    await ready();
    await checkEverything();
  });
});

it("is not on its old disk because a start that was given up took effect after all", { timeout: 300_000 }, async () => {
  const id = await centre.order("late");
  await centre.untilStatus(id, "running");
  await until("its guest is up", 60_000, () => inGuest(id, "true").then(() => true, () => false));
  await inGuest(id, "echo hers > /var/secret; sync");
  await stopInstance(centre.tenant, { instanceId: id, force: true });
  await centre.untilStatus(id, "stopped");
  await worker.stop();
  worker = await centre.startWorker({ wrap: lateStart() });
  await startInstance(centre.tenant, { instanceId: id });
  await until("the start was given up", 60_000, async () => (await centre.rows(`select 1 from instance_observation where instance_id = '${id}' and failures > 0`)).length === 1);
  await rebuildInstance(centre.tenant, { instanceId: id, imageId: centre.imageId });
  await until("it runs on its second disk, by all that is known", 60_000, async () => (await centre.rows(`select 1 from instance_observation where instance_id = '${id}' and rebuild_generation = 2 and state = 'running'`)).length === 1);
  await until("its guest is up", 60_000, () => inGuest(id, "true").then(() => true, () => false));
  expect(await inGuest(id, "cat /var/secret || echo clean")).toBe("clean");
  await until("its old disk is gone", 60_000, () => centre.world.status().volumes.filter((volume) => volume.name.startsWith(id)).length === 2);
});
