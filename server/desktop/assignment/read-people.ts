import { parse } from "csv-parse/sync";
import { z } from "zod";

const address = z.email();
/** How spreadsheets head a column of addresses, in the two languages of the portal. */
const ADDRESS_HEADS = ["email", "e-mail", "mail", "address", "e-mail address", "email address", "メール", "メールアドレス"];
const MAILTO = /^mailto:/i;

/** One line of a list that says something. */
export interface ListedPerson {
  /** As an editor counts, from 1; of a row that goes over several, the last. */
  readonly line: number;
  /** What stood there: the address, or what is no address. */
  readonly text: string;
  /** Lower-cased; null where there is none. */
  readonly email: string | null;
}

/** What the parser gives with `info`; its own types do not say so. */
const rows = z.array(z.object({ record: z.array(z.string()), info: z.object({ lines: z.number() }) }));

/**
 * Reads a list of people: CSV as spreadsheets write it (quoted, commas, semicolons or tabs, a byte order mark, a head or none) with the
 * addresses in the column that is headed so, else in the first cell of a line with an @. Lines that are empty say nothing.
 */
export function readPeople(text: string): ListedPerson[] {
  const read = rows.parse(parse(text, { bom: true, delimiter: delimiterOf(text), trim: true, relaxColumnCount: true, relaxQuotes: true, skipEmptyLines: true, info: true }));
  const [first] = read;
  const head = first?.record.findIndex((cell) => ADDRESS_HEADS.includes(cell.toLowerCase())) ?? -1;
  return read.slice(head < 0 ? 0 : 1).flatMap(({ record, info }) => {
    if (record.every((cell) => cell === "")) return [];
    const cell = (head < 0 ? (record.find((one) => one.includes("@")) ?? record[0]) : record[head]) ?? "";
    const bare = cell.replace(MAILTO, "").toLowerCase();
    return [{ line: info.lines, text: cell, email: address.safeParse(bare).success ? bare : null }];
  });
}

/** The first line decides; a list of bare addresses has none of them. */
function delimiterOf(text: string): string {
  const line = text.split(/\r?\n/).find((one) => one.trim() !== "") ?? "";
  const counted = [",", ";", "\t"].map((mark) => ({ mark, n: line.split(mark).length }));
  return counted.toSorted((a, b) => b.n - a.n)[0]?.mark ?? ",";
}
