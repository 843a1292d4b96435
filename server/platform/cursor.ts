import { Problem } from "./errors";

/** Where a keyset page begins: the sort value and the id of the last row of the page before. */
export interface Cursor {
  readonly value: string;
  readonly id: string;
}

export function encodeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify([cursor.value, cursor.id])).toString("base64url");
}

/** Null for no cursor; `bad-input` for a text that `encodeCursor` did not make. */
export function decodeCursor(text: string | null | undefined): Cursor | null {
  if (text === null || text === undefined || text === "") return null;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    if (Array.isArray(parsed) && parsed.length === 2 && typeof parsed[0] === "string" && typeof parsed[1] === "string") return { value: parsed[0], id: parsed[1] };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Problem("bad-input", "The place to continue the list at is not understood. Begin at the first page again.", { field: "cursor" });
}
