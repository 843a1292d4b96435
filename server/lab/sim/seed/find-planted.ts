import type { SimDatabaseServer } from "../server";
import { PLANTED_ACT_WITHIN_MS, PLANTED_BUGS, PLANTED_HEAL_WITHIN_MS, PLANTED_LENGTH_MS, PLANTED_SLEEPY_LENGTH_MS, type PlantedBug } from "./planted-bugs";
import { runSeed } from "./run-seed";

/** Plays one seed with a planted bug in it, or the same one without; the invariant that caught it, or null. */
export async function playPlanted(bug: PlantedBug, seed: number, server: SimDatabaseServer, planted = true): Promise<string | null> {
  const { violation } = await runSeed({
    seed, server, faults: bug.faults, lengthMs: bug.sleepy ? PLANTED_SLEEPY_LENGTH_MS : PLANTED_LENGTH_MS, healWithinMs: PLANTED_HEAL_WITHIN_MS, actWithinMs: PLANTED_ACT_WITHIN_MS, sleepy: bug.sleepy ?? false, ...(planted ? { bend: bug.bend } : {}),
  });
  return violation?.invariant ?? null;
}

/** Looks for the first seed that catches each bug whose name contains `named`; answers how many nobody caught. */
export async function findPlanted(server: SimDatabaseServer, named: string, seeds: number, say: (line: string) => void): Promise<number> {
  let missed = 0;
  for (const bug of PLANTED_BUGS.filter(({ name }) => name.includes(named))) {
    let caught: string | null = null;
    let seed = 0;
    while (caught === null && seed < seeds) caught = await playPlanted(bug, ++seed, server);
    if (caught === null) missed += 1;
    say(`${bug.name}: ${caught === null ? `not caught by ${seeds} seeds` : `seed ${seed}, "${caught}"`}`);
  }
  return missed;
}
