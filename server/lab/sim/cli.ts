import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { FAULTS } from "./seed/faults";
import { findPlanted } from "./seed/find-planted";
import { playJoined, playSeeds, SEED_LENGTH_MS } from "./seed/play-seeds";
import { startSimServer, type SimDatabaseServer } from "./server";
import { playScenario } from "./timeline/play-scenario";
import { scenarioInput } from "./timeline/types";
import { playWorkflows } from "./workflow/play-workflows";

/** A planted bug that survives so many seeds is not caught. */
const PLANTED_SEEDS = 2_000;

const USAGE = `npm run sim -- --seed N [--days D] [--faults a,b]    plays one seed and says whether every invariant held
npm run sim -- --seeds N [--from M] [--seconds S]    plays many, one on each processor; stops after S seconds
npm run sim -- --planted [NAME] [--seeds N]    finds for each planted bug the first seed that catches it
npm run sim -- --workflows [NAME]    plays every workflow with every death of its worker
npm run --silent sim -- --timeline FILE    plays histories, one a line; prints what really happened, one line a history (- reads standard input)`;

/** The value of `--name VALUE`; null when it was not given. */
function option(name: string): string | null {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? null : (process.argv[at + 1] ?? null);
}

async function onServer<T>(work: (database: SimDatabaseServer) => Promise<T>): Promise<T> {
  const server = await startSimServer();
  try {
    const database = await server.database();
    const result = await work(database);
    await database.close();
    return result;
  } finally {
    await server.close();
  }
}

async function playTimeline(path: string): Promise<void> {
  await onServer(async (database) => {
    const lines = createInterface({ input: path === "-" ? process.stdin : createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
    for await (const line of lines) {
      if (line.trim() === "") continue;
      process.stdout.write(`${JSON.stringify(await playScenario(scenarioInput.parse(JSON.parse(line)), database))}\n`);
    }
  });
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
/** What follows a flag that may stand alone. */
const named = (name: string): string => {
  const next = option(name);
  return next === null || next.startsWith("--") ? "" : next;
};

const timeline = option("timeline");
const seed = option("seed");
const seeds = option("seeds");
if (timeline !== null) await playTimeline(timeline);
else if (process.argv.includes("--planted")) process.exitCode = (await onServer((database) => findPlanted(database, named("planted"), Number(seeds ?? PLANTED_SEEDS), say))) > 0 ? 1 : 0;
else if (process.argv.includes("--workflows")) process.exitCode = (await onServer((database) => playWorkflows(database, named("workflows"), say))) > 0 ? 1 : 0;
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
  else await playJoined(options, join);
}
else {
  process.stderr.write(`${USAGE}\n`);
  process.exitCode = 2;
}
