import { CsvError } from "csv-parse/sync";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { addToGroupIn } from "../group/change-members";
import { lockGroup, selectGroupMembers } from "../group/store";
import { lockPool } from "../pool/store";
import { requireOrganization } from "../rules";
import { importPeopleInput, MOST_PEOPLE, type ImportPeopleInput } from "../schema";
import { assignIn } from "./assign-people";
import { readPeople, type ListedPerson } from "./read-people";
import { selectAssignments, selectMemberEmails } from "./store";

/**
 * What came of one line: `added`, `added-waiting` (nobody in the organization has that address yet; it counts when they join), `there` (had it
 * before), `repeated` (an earlier line names the same person), `no-address`.
 */
export type LineOutcome = "added" | "added-waiting" | "there" | "repeated" | "no-address";

export interface ImportReport {
  readonly lines: readonly { readonly line: number; readonly text: string; readonly outcome: LineOutcome }[];
  readonly added: number;
  /** Nothing was written: this is what would come of it. */
  readonly dryRun: boolean;
}

/**
 * Gives everybody in a list a right to a pool, or puts them into a group, and says what came of each line. Lines that are no address are
 * left out and said; the others count.
 */
export async function importPeople(context: Context, input: ImportPeopleInput): Promise<ImportReport> {
  const { poolId, groupId, csv, dryRun } = importPeopleInput.parse(input);
  const organizationId = requireOrganization(context);
  const listed = read(csv);
  const emails = [...new Set(listed.flatMap(({ email }) => (email === null ? [] : [email])))];
  return inTransaction(context, async (tx) => {
    const before = new Set(groupId === undefined ? await assigned(tx, organizationId, poolId ?? "") : await joined(tx, organizationId, groupId));
    if (!dryRun && emails.length > 0) await (groupId === undefined ? assignIn(tx, context, organizationId, poolId ?? "", { emails }) : addToGroupIn(tx, context, organizationId, groupId, emails));
    const members = await selectMemberEmails(tx, organizationId, emails);
    const lines = judge(listed, before, members);
    return { lines, added: lines.filter(({ outcome }) => outcome === "added" || outcome === "added-waiting").length, dryRun };
  });
}

function judge(listed: readonly ListedPerson[], before: ReadonlySet<string>, members: ReadonlySet<string>): ImportReport["lines"] {
  const seen = new Set<string>();
  return listed.map(({ line, text, email }) => {
    if (email === null) return { line, text, outcome: "no-address" };
    const outcome: LineOutcome = seen.has(email) ? "repeated" : before.has(email) ? "there" : members.has(email) ? "added" : "added-waiting";
    seen.add(email);
    return { line, text, outcome };
  });
}

function read(csv: string): ListedPerson[] {
  let listed: ListedPerson[];
  try {
    listed = readPeople(csv);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new Problem("bad-input", sentence("refused-list-unreadable", { line: typeof error["lines"] === "number" ? error["lines"] : 1 }), { field: "csv" }, { cause: error });
  }
  if (listed.length > MOST_PEOPLE) throw new Problem("bad-input", sentence("refused-list-long", { lines: listed.length, most: MOST_PEOPLE }), { field: "csv" });
  return listed;
}

async function assigned(tx: Transaction, organizationId: string, poolId: string): Promise<string[]> {
  const pool = await lockPool(tx, poolId, organizationId);
  if (!pool || pool.deletedAt) throw notFound("desktop pool", poolId);
  return (await selectAssignments(tx, organizationId, poolId)).flatMap(({ email }) => (email === null ? [] : [email]));
}

async function joined(tx: Transaction, organizationId: string, groupId: string): Promise<string[]> {
  if (!(await lockGroup(tx, organizationId, groupId))) throw notFound("group", groupId);
  return (await selectGroupMembers(tx, organizationId, groupId)).map(({ email }) => email);
}
