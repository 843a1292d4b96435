import { asWords, type Words } from "@/app/_components/use-words";

/** What the front door says of an error; codes as in server/platform/errors.ts. */
export interface ProblemView {
  readonly code: string;
  readonly message: string;
  /** The message as data, for the reader's language; null where there is only the text. */
  readonly words: readonly Words[] | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** Reads the problem out of whatever a query, mutation or server call threw; null when it carries none. */
export function problemOf(error: unknown): ProblemView | null {
  const data = isRecord(error) ? error["data"] : null;
  const problem = isRecord(data) ? data["problem"] : null;
  if (!isRecord(problem) || typeof problem["code"] !== "string") return null;
  return {
    code: problem["code"],
    message: typeof problem["message"] === "string" ? problem["message"] : "",
    words: asWords(problem["words"]),
    detail: isRecord(problem["detail"]) ? problem["detail"] : {},
  };
}
