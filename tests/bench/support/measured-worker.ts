import { openDatabase, type Database } from "@/db/client";
import { simulatedDriver, simulatedPower } from "@/server/drivers/hypervisor/simulated";
import { takeSnapshot } from "@/server/fleet";
import { evacuateHosts } from "@/server/planner";
import { leasedDatabase } from "@/server/platform/leased-database";
import { acquireLease, type Lease } from "@/server/platform/lease";
import { keepHeapSmall } from "@/server/platform/memory";
import { Background } from "@/server/reconcilers/background";
import { InstanceConverger } from "@/server/reconcilers/converge-instances";
import { HostObserver } from "@/server/reconcilers/observe-hosts";
import { placeInstancesLoop } from "@/server/reconcilers/place-instances";
import { Machines, type LoopDefinition, type Pass } from "@/server/reconcilers";
import { testContext } from "../../support/database";
import { hostId } from "./fleet-ids";

/** What can be asked of the measured process; each answers its duration in milliseconds, `memory` the largest resident size in MiB. */
export type Ask = "observe" | "plan" | "converge" | "snapshot" | "evacuate" | "memory";

/** A process with a worker's loops, drivers and pool, and nothing else: what it uses is what a worker uses. */
function main(url: string): void {
  keepHeapSmall();
  const stage = createStage(openDatabase({ url, poolSize: 16 }));
  const observer = new HostObserver();
  const converger = new InstanceConverger();
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const startedAt = performance.now();
    await work();
    return performance.now() - startedAt;
  };
  const answers: Record<Ask, () => Promise<number>> = {
    observe: () => timed(() => stage.pass(observer)),
    plan: () => timed(() => stage.pass(placeInstancesLoop)),
    converge: () => timed(() => stage.pass(converger)),
    snapshot: () => timed(() => takeSnapshot(stage.context, "cls_bench")),
    evacuate: async () => {
      const snapshot = await takeSnapshot(stage.context, "cls_bench");
      return timed(() => Promise.resolve(evacuateHosts(snapshot.planner, [hostId(0)])));
    },
    memory: () => Promise.resolve(process.resourceUsage().maxRSS / 1_024),
  };
  process.on("message", (ask: Ask) => {
    answers[ask]().then((value) => process.send?.({ value }), (error: unknown) => process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }));
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.({ ready: true });
}

/** What a worker gives its loops, without the periods: each pass is asked for and waited for to the last piece of work. */
function createStage(db: Database) {
  const base = testContext(db);
  const machines = new Machines({ hypervisors: [simulatedDriver()], powers: [simulatedPower()] });
  const leases = new Map<string, Lease>();
  const aborted = new AbortController();
  return {
    context: base,
    async pass(definition: LoopDefinition): Promise<void> {
      const lease = leases.get(definition.name) ?? (await acquireLease(db, definition.name, "bench", 3_600_000));
      if (!lease) throw new Error(`The lease on ${definition.name} is held by somebody else.`);
      leases.set(definition.name, lease);
      const failures: unknown[] = [];
      const background = new Background(base.logger, (failed) => void (failed && failures.push(failed)));
      const pass: Pass = {
        context: { ...base, db: leasedDatabase(db, () => lease) },
        machines,
        seedImage: () => Buffer.from("seed"),
        signal: aborted.signal,
        background: (key, work) => background.start(key, work),
        busy: (key) => background.has(key),
        wake: () => undefined,
      };
      await definition.pass(pass);
      await background.settle();
      if (failures.length > 0) throw failures[0];
    },
  };
}

main(process.argv[2] ?? "");
