import { endSilentConsoles } from "@/server/compute/console";
import { advanceDesktop, decideDesktop, excess, keepPool, listDesktopWork, listPoolsAtWork, personalityOf, readWantedReady, surplus, wakeable, type DesktopWork, type PoolAtWork } from "@/server/desktop";
import { inTransaction } from "@/server/platform/transaction";
import { personaliseDesktop } from "./personalise-desktop";
import type { LoopDefinition, Pass } from "./types";

const PERIOD_MS = 5_000;
/** While somebody waits for a desktop to come up. */
const WAITED_FOR_MS = 300;
/** What follows at once (made, ready, given) follows at once; an endless circle would be a bug. */
const ROUNDS = 6;

/** Gives desktops to people, keeps pools at their size, puts aside what is not used and makes anew what was. */
export const keepDesktopsLoop: LoopDefinition = {
  name: "keep-desktops",
  periodMs: PERIOD_MS,
  async pass(pass) {
    await endSilentConsoles(pass.context);
    const pools = await listPoolsAtWork(pass.context);
    if (pools.length === 0) return { backlog: 0 };
    let waiting = 0;
    for (const pool of pools) {
      if (pass.signal.aborted) break;
      waiting += await keepPool(pass.context, pool);
    }
    const work = await advanceAll(pass, pools.map(({ pool }) => pool.id));
    await keepReady(pass, pools, work);
    personalise(pass, pools, work);
    const waitedFor = work.filter(({ session }) => session && session.readyAt === null).length;
    return { backlog: waiting + waitedFor, ...(waiting + waitedFor > 0 ? { againInMs: WAITED_FOR_MS } : {}) };
  },
};

async function read(pass: Pass, poolIds: readonly string[]): Promise<DesktopWork[]> {
  return inTransaction(pass.context, (tx) => listDesktopWork(tx, pass.context, poolIds), { readOnly: true });
}

/** Steps until nothing moves any more; answers how things stand then. */
async function advanceAll(pass: Pass, poolIds: readonly string[]): Promise<DesktopWork[]> {
  let work = await read(pass, poolIds);
  for (let round = 0; round < ROUNDS && !pass.signal.aborted; round++) {
    const moved = new Set<string>();
    for (const one of work) {
      const step = decideDesktop(one, pass.context.clock.nowMs());
      if (step.kind === "none") continue;
      if (await advanceDesktop(pass.context, one, step)) moved.add(one.pool.id);
    }
    if (moved.size === 0) break;
    work = await read(pass, poolIds);
  }
  return work;
}

/** Beside the pass: a guest that does not answer keeps nobody from a desktop. */
function personalise(pass: Pass, pools: readonly PoolAtWork[], work: readonly DesktopWork[]): void {
  const zones = new Map(pools.map(({ pool, timeZone }) => [pool.id, timeZone]));
  for (const one of work) {
    const personality = personalityOf(one, zones.get(one.pool.id) ?? "UTC", pass.context.clock.nowMs());
    if (personality) pass.background(`personalise:${one.desktop.id}`, () => personaliseDesktop(pass, one.desktop.id, personality));
  }
}

/** Free desktops beyond the pool's maximum are removed; those put aside are woken when more should stand ready; those beyond what should stand ready are put aside when they were not used for the pool's idle time. */
async function keepReady(pass: Pass, pools: readonly PoolAtWork[], work: readonly DesktopWork[]): Promise<void> {
  for (const { pool, timeZone } of pools) {
    if (pool.deletedAt) continue;
    const wanted = await readWantedReady(pass.context, pool, timeZone);
    const own = work.filter((one) => one.pool.id === pool.id);
    for (const one of excess(own, pool.maximum)) await advanceDesktop(pass.context, one, { kind: "become", state: "retiring", reason: "pool-shrunk" });
    for (const one of wakeable(own, wanted)) await advanceDesktop(pass.context, one, { kind: "start" });
    for (const one of surplus(own, wanted, pass.context.clock.nowMs())) await advanceDesktop(pass.context, one, { kind: "suspend" });
  }
}
