import { notePools, readFleet, readPowerConfigs, writePreflight, type HostRow } from "@/server/fleet";
import { inTransaction } from "@/server/platform/transaction";
import { preflight } from "./enrol/preflight";
import type { LoopDefinition } from "./types";

/** Looks at hosts that want to join, names what is wrong, and lets in those with which nothing is. */
export const enrollHostsLoop: LoopDefinition = {
  name: "enroll-hosts",
  periodMs: 30_000,
  async pass(pass) {
    const fleet = await readFleet(pass.context, { allocations: false });
    const enrolling = [...fleet.hosts.values()].filter((host) => host.state === "enrolling" && due(host, pass.context.clock.nowMs()));
    const powers = await readPowerConfigs(pass.context, enrolling.map((host) => host.id));
    for (const host of enrolling) {
      pass.background(host.id, async () => {
        // Read again: a look that ended meanwhile may have let it in, and what a preflight leaves behind at its death is removed by the next one.
        const fleet = await readFleet(pass.context, { allocations: false });
        const now = fleet.hosts.get(host.id);
        if (now?.state !== "enrolling") return;
        const result = await preflight(pass, fleet, now, powers.get(host.id) ?? null);
        const admitted = await inTransaction(pass.context, async (tx) => {
          if (!(await writePreflight(tx, pass.context, host.id, result.findings, result.facts))) return false;
          await notePools(tx, result.pools);
          return true;
        });
        if (admitted) pass.wake("observe-hosts");
      });
    }
    return { backlog: enrolling.length };
  },
};

/** Something outside may have been repaired since the last look. */
const LOOK_AGAIN_MS = 20_000;

function due(host: HostRow, nowMs: number): boolean {
  return host.preflightAt === null || (!host.maintenance && nowMs - host.preflightAt.getTime() >= LOOK_AGAIN_MS);
}
