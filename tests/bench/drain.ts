import { cancelDrain, drainHost, previewDrain, returnToService } from "@/server/fleet";
import type { Ground } from "@/server/lab/chaos/ground";
import { findMissing } from "@/server/lab/chaos/wanted";
import { until } from "@/server/lab/demo/story/stage";
import { fullestHost, placesOf, withLabGround } from "./support/lab-ground";
import { percentile, type Bench } from "./types";

const GUESTS = 5;
const DEFAULT_DRAINS = 6;
/** Before so many moves of a cluster are known its own pace does not count, and the first drains only fill the record. */
const LEARNING = 2;
const GOAL_ERROR = 0.2;
const GOAL_ABORT_MS = 5_000;

interface Drained {
  readonly host: string;
  readonly guests: number;
  readonly predictedSeconds: number;
  readonly actualSeconds: number;
}

/** A drain's predicted end beside the actual one, on real hosts, and how long it takes to call one off: `npm run bench -- drain [DRAINS]`. */
export const run: Bench = async ({ args }) => {
  const drains = Number(args[0] ?? DEFAULT_DRAINS);
  return withLabGround(GUESTS, async (ground) => {
    // Guests that boot write their memory all over: their moves say nothing of later ones.
    await new Promise((resolve) => setTimeout(resolve, 15_000));
    const called: CalledOff[] = [];
    for (const begun of ["decided", "asked", "copying"] as const) {
      await untilCalm(ground);
      called.push(await callOff(ground, begun));
    }
    const rows: Drained[] = [];
    for (let count = 0; count < drains; count++) {
      await untilCalm(ground);
      const { hostId, host, guests } = await fullestHost(ground);
      const { seconds } = await previewDrain(ground.provider, hostId);
      const startedMs = Date.now();
      await drainHost(ground.provider, hostId);
      await until(`${host} is empty`, 180_000, async () => (await placesOf(ground)).every((row) => row.host_id !== hostId), 20);
      rows.push({ host, guests: guests.length, predictedSeconds: seconds, actualSeconds: (Date.now() - startedMs) / 1_000 });
      console.error(`  drain ${count + 1}/${drains}: ${JSON.stringify(rows.at(-1))}`);
      await cancelDrain(ground.provider, hostId);
      await returnToService(ground.provider, hostId);
    }
    const errors = rows.slice(LEARNING).map((row) => Math.abs(row.actualSeconds - row.predictedSeconds) / row.actualSeconds);
    const within = errors.filter((error) => error <= GOAL_ERROR).length;
    return {
      name: "drain",
      rows: [
        ...rows.map((row, index) => ({ label: `${row.host}, ${row.guests} guests${index < LEARNING ? " (learning)" : ""}: predicted ${row.predictedSeconds.toFixed(1)} s, actual`, value: row.actualSeconds, unit: "s" })),
        { label: "error, p50", value: percentile(errors, 0.5), unit: "of the actual time", goal: `<= ${GOAL_ERROR}`, held: percentile(errors, 0.5) <= GOAL_ERROR },
        { label: "error, max", value: percentile(errors, 1), unit: "of the actual time" },
        { label: "drains within a fifth", value: `${within}/${errors.length}`, unit: "" },
        ...called.map(({ begun, ms, stayed, guests }) => ({ label: `called off when its first move was ${begun} (${stayed} of ${guests} stay)`, value: ms, unit: "ms", goal: `<= ${GOAL_ABORT_MS} ms`, held: ms <= GOAL_ABORT_MS })),
      ],
      raw: { rows, called },
    };
  });
};

/** A host that a busy machine has made suspect for a moment cannot be drained. */
function untilCalm(ground: Ground): Promise<boolean> {
  return until("every host is up", 120_000, async () => (await findMissing(ground)).length === 0, 250);
}

interface CalledOff {
  readonly begun: "decided" | "asked" | "copying";
  readonly ms: number;
  readonly stayed: number;
  readonly guests: number;
}

/** How far the first move is by then: its row stands, its hosts were asked a moment ago, or pages go over. */
const COPYING_AFTER_MS = 1_500;

/** A drain is called off while its first move is under way; over when nothing moves any more. */
async function callOff(ground: Ground, begun: CalledOff["begun"]): Promise<CalledOff> {
  const { hostId, guests } = await fullestHost(ground);
  await drainHost(ground.provider, hostId);
  const wanted = begun === "decided" ? "('planned', 'running')" : "('running')";
  await until("a move is under way", 60_000, async () => (await ground.rows(`select 1 from migration where state in ${wanted}`)).length > 0, 20);
  if (begun === "copying") await new Promise((resolve) => setTimeout(resolve, COPYING_AFTER_MS));
  const fromMs = Date.now();
  await cancelDrain(ground.provider, hostId);
  await until("nothing moves any more", 120_000, async () => (await ground.rows("select 1 from migration where state in ('planned', 'running')")).length === 0, 20);
  const ms = Date.now() - fromMs;
  const stayed = (await placesOf(ground)).filter((row) => row.host_id === hostId).length;
  console.error(`  ${begun}: called off in ${ms} ms; ${stayed} of ${guests.length} stay`);
  await returnToService(ground.provider, hostId);
  return { begun, ms, stayed, guests: guests.length };
}
