import { DriverError } from "@/server/drivers/errors";
import { sentence, type Sentence } from "@/server/platform/sentences";

/** A push that did not end well for a reason of ours. */
export class PaymentFailed extends Error {
  override readonly name = "PaymentFailed";
  constructor(
    readonly said: Sentence,
    readonly outcome: { readonly stuck: boolean },
  ) {
    super(said.text);
  }
}

/** Tries after which a refusal that repeating cannot mend is shown to an operator. */
const REFUSALS = 3;

/** What a failed call means for the next attempt. */
export function judgeFailure(error: unknown, attempts: number): { readonly error: Sentence; readonly freshKey: boolean; readonly stuck: boolean } {
  if (error instanceof PaymentFailed) return { error: error.said, freshKey: true, stuck: error.outcome.stuck };
  const reason = error instanceof DriverError && "reason" in error ? error.reason : null;
  // A 500 and a reused key are kept by the provider under that key; the next attempt looks first and uses another.
  const freshKey = reason === "server" || reason === "key-reused" || reason === "other";
  const refused = error instanceof DriverError && (error.code === "invalid" || error.code === "unsupported");
  return { error: sayFailure(error, reason, refused), freshKey, stuck: refused && attempts >= REFUSALS };
}

/** The provider's own words stay as they are; what they mean for us is said in the reader's language. */
function sayFailure(error: unknown, reason: unknown, refused: boolean): Sentence {
  const text = error instanceof Error ? error.message : String(error);
  switch (reason) {
    case "lost": return sentence("push-answer-lost");
    case "rate-limited": return sentence("push-rate-limited");
    case "busy": return sentence("push-busy");
    case "key-reused": return sentence("push-key-reused");
    case "declined": return sentence("push-declined", { error: text });
    case "server": return sentence("push-server", { error: text });
    default: return sentence(refused ? "push-refused" : "push-failed", { error: text });
  }
}
