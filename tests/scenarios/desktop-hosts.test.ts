import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addVersion, assignPeople, createPool, getPool, listGolden, logOff, openDesktop, publishVersion, readSession, updatePool } from "@/server/desktop";
import { DriverError } from "@/server/drivers/errors";
import type { HypervisorDriver, HypervisorHost } from "@/server/drivers/hypervisor/types";
import type { Context } from "@/server/platform/context";
import { createCentre, until, untilHost, type Centre } from "./centre";
import { leaveUnused } from "./leave-unused";

type Step = "startDomain" | "ensureVolume" | "saveDomain" | "restoreDomain";

let centre: Centre;
let poolId = "";
let checkMachine = "";
const people: Context[] = [];
/** What befalls the host at the next such call, after it did what it was asked and before anybody heard of it. */
let armed: { readonly step: Step; readonly blow: "crash" | "hang"; struck: string | null } | null = null;

/** The worker lives; its host does not, or answers nothing any more. */
function strike(driver: HypervisorDriver): HypervisorDriver {
  return {
    ...driver,
    connect(endpoint) {
      const host = driver.connect(endpoint);
      const struckBy = <Args extends unknown[], Answer>(step: Step, call: (...args: Args) => Promise<Answer>) => async (...args: Args): Promise<Answer> => {
        const answer = await call(...args);
        if (armed?.step !== step || armed.struck !== null) return answer;
        const name = new URL(endpoint.uri).hostname;
        armed.struck = name;
        if (armed.blow === "crash") centre.world.crash(name);
        else centre.world.hang(name);
        throw new DriverError("timeout", "the host never answered");
      };
      const bent: Pick<HypervisorHost, Step> = {
        startDomain: struckBy("startDomain", (...args) => host.startDomain(...args)),
        ensureVolume: struckBy("ensureVolume", (...args) => host.ensureVolume(...args)),
        saveDomain: struckBy("saveDomain", (...args) => host.saveDomain(...args)),
        restoreDomain: struckBy("restoreDomain", (...args) => host.restoreDomain(...args)),
      };
      return { ...host, ...bent };
    },
  };
}

async function inGuest(instanceId: string, line: string): Promise<string> {
  const ask = (command: string, args: Record<string, unknown>): Promise<unknown> => centre.world.port.call("agentCommand", centre.runsOn(instanceId)[0] ?? "none", { instanceId, command, args });
  const { pid } = (await ask("guest-exec", { path: "/bin/sh", arg: ["-c", line], "capture-output": true })) as { pid: number };
  const { "out-data": out = "" } = (await ask("guest-exec-status", { pid })) as { "out-data"?: string };
  return Buffer.from(out, "base64").toString().trim();
}

const instead = () => centre.rows(`select d.state, d.state_reason, o.state as seen, o.failures, o.last_error, o.phase from desktop d left join instance_observation o on o.instance_id = d.instance_id where d.pool_id = '${poolId}' and d.state <> 'retired'`);
const counts = async () => (await getPool(centre.tenant, { poolId })).counts;
const ready = (): Promise<void> => until("one stands ready", 120_000, async () => (await counts()).ready === 1 && (await instead()).length === 1, instead);
const machineNow = async (): Promise<string> => (await centre.rows<{ id: string }>(`select instance_id as id from desktop where pool_id = '${poolId}' and state not in ('retired', 'retiring')`))[0]!.id;

async function open(person: Context): Promise<string> {
  const { sessionId } = await openDesktop(person, { poolId });
  await until("it is open", 120_000, async () => (await readSession(person, { sessionId })).state === "ready", instead);
  await until("its guest is up", 60_000, async () => inGuest(await machineNow(), "true").then(() => true, () => false));
  return sessionId;
}

/** One owner, one machine that runs once, no file of anything else, exact sums. */
async function checkEverything(): Promise<void> {
  const { struck, blow } = armed!;
  armed = null;
  expect(struck).not.toBeNull();
  if (blow === "crash") await centre.world.port.call("powerOn", struck!, {});
  else centre.world.heal(struck!);
  await untilHost(centre, struck!, "up");
  await ready();
  const machine = await machineNow();
  await until("it runs, once", 60_000, () => centre.runsOn(machine).length === 1);
  expect(centre.world.tornGuests()).toEqual([]);
  expect(await centre.rows("select desktop_id from desktop_session where ended_at is null group by 1 having count(*) > 1")).toEqual([]);
  const wanted = async (): Promise<string[]> => (await centre.rows<{ name: string }>(`select name from volume where state = 'present' and instance_id = '${machine}' order by name`)).map((row) => row.name);
  const there = (): string[] => centre.world.status().volumes.map((volume) => volume.name).filter((name) => name !== "tiny.qcow2" && !name.startsWith(checkMachine)).toSorted();
  await until("no file is left of anything else", 60_000, async () => there().length === 2 && JSON.stringify(there()) === JSON.stringify(await wanted()), async () => ({ there: there(), wanted: await wanted() }));
  await centre.checkInvariants();
}

beforeAll(async () => {
  centre = await createCentre({ leaseTtlMs: 500 });
  await centre.startWorker({ wrap: strike });
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
  ({ id: poolId } = await createPool(centre.tenant, { name: "hosts", kind: "floating", goldenImageId: version.goldenImageId, flavorId: centre.flavors.small, maximum: 1, minimumReady: 1 }));
  await assignPeople(centre.tenant, { poolId, everybody: true });
  await ready();
}, 300_000);
afterAll(() => centre.close());

describe("a desktop whose host goes", () => {
  it("with a power loss as its wiped disk is started: the next person finds nothing of the last one, on another host", { timeout: 300_000 }, async () => {
    const [ann, bob] = [people[0]!, people[1]!];
    const session = await open(ann);
    await inGuest(await machineNow(), "echo hers > /var/secret; sync; echo hers > /tmp/secret");
    armed = { step: "startDomain", blow: "crash", struck: null };
    await logOff(ann, { sessionId: session });
    const next = await open(bob);
    expect(await inGuest(await machineNow(), "cat /var/secret /tmp/secret || echo clean")).toBe("clean");
    await logOff(bob, { sessionId: next });
    await checkEverything();
  });

  it.each([["saveDomain", "hang"], ["restoreDomain", "crash"]] as const)("over %s (%s): it goes on once, from its memory or from its disk, and nobody else gets it", { timeout: 300_000 }, async (step, blow) => {
    const machine = await machineNow();
    const aside = async (): Promise<void> => {
      await leaveUnused(centre, poolId, 120);
      await updatePool(centre.tenant, { poolId, minimumReady: 0 });
    };
    if (step === "saveDomain") armed = { step, blow, struck: null };
    await aside();
    await until("it is put aside", 120_000, async () => (await counts()).suspended === 1 && (await centre.rows(`select 1 from allocation where instance_id = '${machine}'`)).length === 0, instead);
    if (step === "restoreDomain") armed = { step, blow, struck: null };
    const session = await open(people[0]!);
    expect(await openDesktop(people[1]!, { poolId })).toMatchObject({ state: "queued" });
    expect(await machineNow()).toBe(machine);
    await logOff(people[0]!, { sessionId: session });
    const other = await open(people[1]!);
    await logOff(people[1]!, { sessionId: other });
    await updatePool(centre.tenant, { poolId, minimumReady: 1 });
    await checkEverything();
  });
});
