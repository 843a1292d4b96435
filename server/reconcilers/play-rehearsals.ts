import { noteCompared, notePlayed, noteUnplayable, postponeComparison, readAskedRehearsals, readDueRehearsals, type RehearsalRow } from "@/server/fleet";
import { rehearsalQuestion } from "@/server/fleet/rehearsal/schema";
import { compareRehearsal } from "./rehearse/compare";
import { inputsOf, readCopy } from "./rehearse/copy";
import { play } from "./rehearse/play";
import type { LoopDefinition, Pass } from "./types";

const PERIOD_MS = 60_000;

/** Answers what would happen if, on copies of clusters; and says later whether it was so. Writes nothing but rehearsals. */
export const playRehearsalsLoop: LoopDefinition = {
  name: "play-rehearsals",
  periodMs: PERIOD_MS,
  async pass(pass) {
    const asked = await readAskedRehearsals(pass.context);
    for (const row of asked) if (!pass.signal.aborted) await playOne(pass, row);
    for (const row of await readDueRehearsals(pass.context)) {
      if (pass.signal.aborted) break;
      const verdict = await compareRehearsal(pass, row);
      if ("receipt" in verdict) await noteCompared(pass.context, row.id, verdict.receipt);
      else await postponeComparison(pass.context, row.id, verdict.again);
    }
    return { backlog: 0 };
  },
};

async function playOne(pass: Pass, row: RehearsalRow): Promise<void> {
  const { context } = pass;
  const question = rehearsalQuestion.parse(row.question);
  const beginMs = context.clock.nowMs();
  try {
    const copy = await readCopy(pass, row.clusterId);
    const { outcome, compareAtMs } = play(copy, question);
    const result = { ...outcome, playedMs: context.clock.nowMs() - beginMs };
    await notePlayed(context, row.id, { generation: copy.source.snapshot.cluster.generation, inputs: inputsOf(copy), result, compareAt: compareAtMs === null ? null : new Date(compareAtMs) });
    context.logger.info({ kind: question.kind, playedMs: result.playedMs, virtualSeconds: result.seconds }, "a rehearsal was played");
  } catch (error) {
    // One question that cannot be played must not keep the others waiting.
    context.logger.warn({ rehearsalId: row.id, err: error }, "a rehearsal could not be played");
    await noteUnplayable(context, row.id, error instanceof Error ? error.message : String(error));
  }
}
