import { textOf, wordsOf, type Said, type Words } from "./sentences";

/**
 * What can go wrong for a person, in one closed list. The front door maps it to HTTP; screens translate by code.
 *
 * - `quota-exceeded`: what you may have (decided in the order's transaction; names limit, used and asked).
 * - `no-capacity`: what the fleet can hold (decided by the planner).
 */
export type ProblemCode =
  | "bad-input"
  | "unauthenticated"
  | "forbidden"
  | "not-found"
  | "conflict"
  | "quota-exceeded"
  | "no-capacity"
  | "standing"
  | "rate-limited"
  | "unavailable";

/** An error written for its reader: what was attempted, on what, why not, what to do. */
export class Problem extends Error {
  override readonly name = "Problem";
  /** The same as data, so that a screen says it in its reader's language; null where there is only a text. */
  readonly words: readonly Words[] | null;
  constructor(
    readonly code: ProblemCode,
    said: Said,
    /** Numbers and names for the screen; never a secret, never another tenant's. */
    readonly detail: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(textOf(said), options);
    this.words = wordsOf(said);
  }
}

/** Foreign and missing are one answer, so that an id of somebody else tells nothing. */
export function notFound(what: string, id: string): Problem {
  return new Problem("not-found", `There is no ${what} ${id} in this organization. Check the id, or choose it from the list.`, { what, id });
}
