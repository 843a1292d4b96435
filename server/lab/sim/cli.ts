import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { FAULTS } from "./seed/faults";
import { playJoined, playSeeds, SEED_LENGTH_MS } from "./seed/play-seeds";
import { startSimServer } from "./server";
import { playScenario } from "./timeline/play-scenario";
import { scenarioInput } from "./timeline/types";

const USAGE = `npm run sim -- --seed N [--days D] [--faults a,b]    plays one seed and says whether every invariant held
npm run sim -- --seeds N [--from M] [--seconds S]    plays many, one on each processor; stops after S seconds
npm run --silent sim -- --timeline FILE    plays histories, one a line; prints what really happened, one line a history (- reads standard input)`;

/** The value of `--name VALUE`; null when it was not given. */
function option(name: string): string | null {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? null : (process.argv[at + 1] ?? null);
}

async function playTimeline(path: string): Promise<void> {
  const server = await startSimServer();
  try {
    const database = await server.database();
    const lines = createInterface({ input: path === "-" ? process.stdin : createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
    for await (const line of lines) {
      if (line.trim() === "") continue;
      process.stdout.write(`${JSON.stringify(await playScenario(scenarioInput.parse(JSON.parse(line)), database))}\n`);
    }
    await database.close();
  } finally {
    await server.close();
  }
}

const timeline = option("timeline");
const seed = option("seed");
const seeds = option("seeds");
if (timeline !== null) await playTimeline(timeline);
else if (seed !== null || seeds !== null) {
  const from = Number(seed ?? option("from") ?? 1);
  const chosen = option("faults")?.split(",") ?? null;
  const days = option("days");
  const join = option("join");
  const options = {
    from,
    count: seed === null ? Number(seeds) : 1,
    step: Number(option("step") ?? 1),
    faults: chosen === null ? FAULTS : FAULTS.filter((fault) => chosen.includes(fault)),
    lengthMs: days === null ? SEED_LENGTH_MS : Number(days) * 86_400_000,
    seconds: Number(option("seconds") ?? Number.POSITIVE_INFINITY),
  };
  if (join === null) process.exitCode = await playSeeds(options);
  else await playJoined(options, Number(join));
}
else {
  process.stderr.write(`${USAGE}\n`);
  process.exitCode = 2;
}
