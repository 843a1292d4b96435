import { TRPCError } from "@trpc/server";
import { z, ZodError } from "zod";
import { Problem, type ProblemCode } from "@/server/platform/errors";
import { sentence, type Words } from "@/server/platform/sentences";
import { sqlState } from "@/server/platform/transaction";

type TRPCCode = TRPCError["code"];

const CODES: Readonly<Record<ProblemCode, TRPCCode>> = {
  "bad-input": "BAD_REQUEST",
  unauthenticated: "UNAUTHORIZED",
  forbidden: "FORBIDDEN",
  "not-found": "NOT_FOUND",
  conflict: "CONFLICT",
  "quota-exceeded": "UNPROCESSABLE_CONTENT",
  "no-capacity": "UNPROCESSABLE_CONTENT",
  standing: "PAYMENT_REQUIRED",
  "rate-limited": "TOO_MANY_REQUESTS",
  unavailable: "SERVICE_UNAVAILABLE",
};

/** What a screen gets to know of an error. `internal` is everything that nobody outside can act on. */
export interface ProblemShape {
  readonly code: ProblemCode | "internal";
  readonly message: string;
  /** The message as data (server/platform/sentences.ts), where it is one of the fixed sentences. */
  readonly words: readonly Words[] | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Turns whatever a procedure threw into the error that leaves the house; the original stays as `cause` for the log. */
export function toTRPCError(error: unknown, requestId: string): TRPCError {
  const cause = error instanceof TRPCError && error.cause ? error.cause : error;
  const problem = toProblem(cause);
  if (problem) return new TRPCError({ code: CODES[problem.code], message: problem.message, cause: problem });
  if (error instanceof TRPCError && error.code !== "INTERNAL_SERVER_ERROR") return error;
  return new TRPCError({ code: "INTERNAL_SERVER_ERROR", message: internalMessage(requestId), cause });
}

function internalMessage(requestId: string): string {
  return `Something failed on our side and nothing was changed. Try again; if it stays, tell support the request id ${requestId}.`;
}

/** The problem inside an error, when there is one that a person can act on. */
function toProblem(error: unknown): Problem | null {
  if (error instanceof Problem) return error;
  if (error instanceof ZodError) return fromZod(error);
  const state = sqlState(error);
  // Class 22 is data that a column cannot hold (a NUL in a text, a number out of range): the input's fault, not ours.
  if (state?.startsWith("22")) return new Problem("bad-input", sentence("refused-value"));
  // The wall of db/schema/spend.ts, by whatever path something was to run.
  if (state === "BR001") return new Problem("quota-exceeded", sentence("refused-spending-cap"), { limit: "spending" }, { cause: error });
  // Two changes at once that a rule allows only once, past every check: the database let the first one through.
  if (state === "23505") return new Problem("conflict", sentence("refused-same-moment"), {}, { cause: error });
  // Asked to be tried again, five times in a row: too many changes of one thing at once.
  if (state === "40001" || state === "40P01") return new Problem("unavailable", sentence("refused-too-many-changes"), {}, { cause: error });
  // 08 connection, 53 resources, 57 operator intervention: Postgres is not there for a moment.
  if (state !== null && /^(08|53|57)/.test(state)) return unavailable(error);
  if (hasCode(error, ["ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EPIPE"])) return unavailable(error);
  return null;
}

function unavailable(cause: unknown): Problem {
  return new Problem("unavailable", sentence("refused-database-away"), {}, { cause });
}

function hasCode(error: unknown, codes: readonly string[]): boolean {
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    if ("code" in current && typeof current.code === "string" && codes.includes(current.code)) return true;
  }
  return false;
}

function fromZod(error: ZodError): Problem {
  const { fieldErrors, formErrors } = z.flattenError(error);
  const fields: Record<string, readonly string[]> = {};
  for (const [name, messages] of Object.entries<string[] | undefined>(fieldErrors)) if (messages) fields[name] = messages;
  const lines = [...formErrors, ...Object.entries(fields).map(([name, messages]) => `${name}: ${messages.join(", ")}`)];
  return new Problem("bad-input", `The request was not understood. ${lines.join("; ")}.`, { fields });
}

/** The problem that a formatted error shows. */
export function problemOf(error: TRPCError): ProblemShape {
  if (error.cause instanceof Problem) return { code: error.cause.code, message: error.cause.message, words: error.cause.words, detail: error.cause.detail };
  for (const [code, trpcCode] of Object.entries(CODES) as [ProblemCode, TRPCCode][]) {
    if (trpcCode === error.code) return { code, message: error.message, words: null, detail: {} };
  }
  return { code: error.code === "INTERNAL_SERVER_ERROR" ? "internal" : "bad-input", message: error.message, words: null, detail: {} };
}
