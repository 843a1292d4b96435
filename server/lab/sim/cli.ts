import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { startSimServer } from "./server";
import { playScenario } from "./timeline/play-scenario";
import { scenarioInput } from "./timeline/types";

const USAGE = `npm run --silent sim -- --timeline FILE    plays histories, one a line; prints what really happened, one line a history (- reads standard input)`;

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
if (timeline !== null) await playTimeline(timeline);
else {
  process.stderr.write(`${USAGE}\n`);
  process.exitCode = 2;
}
