import type { RehearsalQuestion } from "@/server/fleet/rehearsal/schema";
import type { Copy } from "./copy";
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
