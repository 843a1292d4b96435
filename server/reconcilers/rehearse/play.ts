import type { RehearsalQuestion } from "@/server/fleet/rehearsal/schema";
import type { RehearsalResult } from "@/server/fleet";
import type { Context } from "@/server/platform/context";
import { readCopy, type Copy } from "./copy";
import { playLoss, playRatio, playRetirement } from "./play-change";
import { playNight, type Outcome } from "./play-night";
import { playOrders } from "./play-orders";

/** Plays a question on a copy; the same copy and question give the same answer. `compareAtMs`: when what happens by itself can be compared. Pure. */
export function play(copy: Copy, question: RehearsalQuestion): { readonly outcome: Outcome; readonly compareAtMs: number | null } {
  switch (question.kind) {
    case "tonight": {
      const outcome = playNight(copy, question);
      return { outcome, compareAtMs: copy.takenMs + outcome.seconds * 1_000 };
    }
    case "lose-host": {
      const { compareAtMs, ...outcome } = playLoss(copy, question.hostId);
      return { outcome, compareAtMs };
    }
    case "ratio":
      return { outcome: playRatio(copy, question.cpuRatio), compareAtMs: null };
    case "add-desktops": {
      const { compareAtMs, ...outcome } = playOrders(copy, question);
      return { outcome, compareAtMs };
    }
    case "retire-hosts":
      return { outcome: playRetirement(copy, question.hostIds), compareAtMs: null };
  }
}

/** Takes a copy of a cluster and plays a question on it at once; writes nothing. */
export async function rehearse(context: Context, clusterId: string, question: RehearsalQuestion): Promise<RehearsalResult> {
  const beginMs = context.clock.nowMs();
  const { outcome } = play(await readCopy({ context }, clusterId), question);
  return { ...outcome, playedMs: context.clock.nowMs() - beginMs };
}
