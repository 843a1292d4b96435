import { DriverError } from "@/server/drivers/errors";

/** A push that did not end well for a reason of ours. */
export class PaymentFailed extends Error {
  override readonly name = "PaymentFailed";
  constructor(
    message: string,
    readonly outcome: { readonly stuck: boolean },
  ) {
    super(message);
  }
}

/** Tries after which a refusal that repeating cannot mend is shown to an operator. */
const REFUSALS = 3;

/** What a failed call means for the next attempt. */
export function judgeFailure(error: unknown, attempts: number): { readonly error: string; readonly freshKey: boolean; readonly stuck: boolean } {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof PaymentFailed) return { error: text, freshKey: true, stuck: error.outcome.stuck };
  const reason = error instanceof DriverError && "reason" in error ? error.reason : null;
  // A 500 and a reused key are kept by the provider under that key; the next attempt looks first and uses another.
  const freshKey = reason === "server" || reason === "key-reused" || reason === "other";
  const refused = error instanceof DriverError && (error.code === "invalid" || error.code === "unsupported");
  return { error: text, freshKey, stuck: refused && attempts >= REFUSALS };
}
