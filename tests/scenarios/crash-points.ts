import { expect, it } from "vitest";
import { deleteInstance, purgeInstance, stopInstance } from "@/server/compute";
import type { HypervisorDriver, HypervisorHost } from "@/server/drivers/hypervisor/types";
import { drainHost } from "@/server/fleet";
import { createCentre, until, untilHost, type Centre } from "./centre";

/** Many centres at once on a machine that tests share: what is stuck is stuck for ever, what is slow is only slow. */
const PATIENCE_MS = 150_000;

/** Calls that change something on a host; a worker may die before or after each of them. */
const CHANGING = ["ensureVolume", "uploadVolume", "growVolume", "deleteVolume", "startDomain", "stopDomain", "rebootDomain", "removeDomain", "resizeDomain", "migrate"] as const;

/** Loops that change something on a host, or that those wait for; the others would only keep fifty lives busy. */
const LOOPS = [
  "enroll-hosts", "observe-hosts", "place-instances", "converge-instances", "evacuate-hosts", "migrate-instances", "fence-hosts", "fail-over-instances", "return-hosts", "remove-strays", "purge-trash", "meter-resources", "send-outbox",
] as const;

interface Killer {
  readonly wrap: (driver: HypervisorDriver) => HypervisorDriver;
  readonly calls: () => number;
  readonly killed: Promise<void>;
}

/**
 * Stands between a worker and its hosts, and lets the worker die at the `at`-th changing call: before it is sent, or after
 * it took effect and before the worker heard of it. From then on nothing of that worker reaches any host.
 */
function killerAt(at: number, when: "before" | "after"): Killer {
  let calls = 0;
  let dead = false;
  let tell: () => void = () => undefined;
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
          const counts = CHANGING.includes(property as (typeof CHANGING)[number]) && ++calls === at;
          if (counts) {
            dead = true;
            if (when === "after") await (Reflect.apply(value, target, args) as Promise<unknown>).catch(() => undefined);
            tell();
            return never();
          }
          const result: unknown = await (Reflect.apply(value, target, args) as Promise<unknown>);
          if (dead) return never();
          return result;
        };
      },
    });
  return { wrap: (driver) => ({ kind: driver.kind, connect: (endpoint) => wrapHost(driver.connect(endpoint)) }), calls: () => calls, killed };
}

/** One life of two machines, with a drain in the middle; everything that converge and migrate do happens in it. */
async function story(centre: Centre): Promise<void> {
  const [first, second] = await Promise.all([centre.order("first"), centre.order("second")]);
  for (const id of [first, second]) await centre.untilStatus(id, "running", PATIENCE_MS);
  const home = centre.runsOn(first)[0]!;
  await drainHost(centre.provider, (await centre.host(home)).id);
  await until(`${home} is empty`, PATIENCE_MS, async () => (await centre.host(home)).instances === 0, () => centre.rows("select state, error from migration"));
  for (const id of [first, second]) await centre.untilStatus(id, "running", PATIENCE_MS);
  await stopInstance(centre.tenant, { instanceId: second, force: true });
  await centre.untilStatus(second, "stopped", PATIENCE_MS);
  for (const id of [first, second]) {
    await deleteInstance(centre.tenant, { instanceId: id });
    await centre.untilStatus(id, "deleted", PATIENCE_MS);
    await purgeInstance(centre.tenant, { instanceId: id });
  }
  await until("both are purged", PATIENCE_MS, async () => (await centre.rows("select 1 from instance where purged_at is null")).length === 0, () => centre.rows("select i.id, o.state, o.last_error, (select string_agg(v.state, ',') from volume v where v.instance_id = i.id) v from instance i left join instance_observation o on o.instance_id = i.id where purged_at is null"));
}

async function leftovers(centre: Centre): Promise<unknown[]> {
  const { hosts, volumes, locks } = centre.world.status();
  const rows = await centre.rows(`select 'allocation' as what from allocation union all select 'migration' from migration where state in ('planned', 'running') union all select 'hold' from quota_hold union all select 'address' from address where released_at is null`);
  return [...hosts.flatMap((host) => host.domains), ...volumes.filter((volume) => volume.name !== "tiny.qcow2"), ...(locks > 0 ? [{ locks }] : []), ...rows];
}

/**
 * Runs the story with a worker that dies before a call is sent, a second one that takes over and dies when its first call took effect, and a third one.
 * Answers how many calls the first one came to.
 */
async function liveThrough(at: number): Promise<number> {
  const centre = await createCentre({ hosts: ["h1", "h2"], loops: LOOPS, leaseTtlMs: 1_500, policy: { suspectAfterSeconds: 20, fenceAfterSeconds: 40 } });
  const [before, after] = [killerAt(at, "before"), killerAt(1, "after")];
  try {
    const doomed = await centre.startWorker({ wrap: before.wrap, name: "doomed" });
    // The first calls are those of the enrolment: somebody has to take over then, too.
    const second = before.killed.then(async () => {
      await doomed.abandon();
      return centre.startWorker({ wrap: after.wrap, name: "second" });
    });
    void after.killed.then(async () => {
      await (await second).abandon();
      await centre.startWorker({ name: "heir" });
    });
    for (const name of ["h1", "h2"]) await untilHost(centre, name, "up", PATIENCE_MS);
    await story(centre);
    expect(centre.world.doubleRuns()).toEqual([]);
    expect(await leftovers(centre), "left over").toEqual([]);
    await centre.checkInvariants();
    return before.calls();
  } finally {
    await centre.close();
  }
}

/** Files that share the deaths between them: test files run beside each other, one process each. */
const SHARES = 3;
/** Lives at once in one process: most of each is waiting for a lease to run out. */
const LIVES_AT_ONCE = 3;

/**
 * Dies around the first, fourth, seventh ... changing call of a life (for share 0), until a life ends without having
 * come to the call at which it was to die. CRASH_POINT=7 looks at one life alone.
 */
export function dieAtShare(share: number): void {
  it(`leaves nothing double and nothing stuck, wherever it dies (share ${share + 1} of ${SHARES})`, async () => {
    const chosen = Number(process.env["CRASH_POINT"] ?? 0);
    const failures: string[] = [];
    let next = chosen > 0 ? chosen : share + 1;
    let ended = false;
    let deaths = 0;
    const runner = async (): Promise<void> => {
      while (!ended) {
        const at = next;
        next += SHARES;
        ended ||= chosen > 0;
        try {
          if ((await liveThrough(at)) < at) ended = true;
          else deaths += 1;
        } catch (error) {
          failures.push(`died around call ${at}: ${error instanceof Error ? `${error.message} ${"actual" in error ? JSON.stringify(error.actual) : ""}` : String(error)}`);
          // A life that is never finished would be begun for ever.
          ended ||= at > 200;
        }
      }
    };
    await Promise.all(Array.from({ length: LIVES_AT_ONCE }, runner));
    expect(failures).toEqual([]);
    // A life has some twenty such calls: each share has its deaths.
    if (chosen === 0) expect(deaths).toBeGreaterThan(4);
  }, 1_500_000);
}
