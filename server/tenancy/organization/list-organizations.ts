import { z } from "zod";
import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { requireProvider } from "../rules";
import type { ListOrganizationsInput } from "./schema";
import { countOrganizations, selectOrganizations } from "./store";
import type { OrganizationSummary } from "./types";

export interface OrganizationPage {
  readonly items: readonly OrganizationSummary[];
  readonly nextCursor: string | null;
  readonly total: number;
}

const cursorShape = z.tuple([z.string(), z.string()]);

function readCursor(cursor: string | undefined): { name: string; id: string } | null {
  if (cursor === undefined) return null;
  try {
    const [name, id] = cursorShape.parse(JSON.parse(cursor));
    return { name, id };
  } catch (error) {
    throw new Problem("bad-input", "The list cannot be continued from there. Open it from its start.", {}, { cause: error });
  }
}

/** All organizations by name, for staff. */
export async function listOrganizations(context: Context, input: ListOrganizationsInput): Promise<OrganizationPage> {
  requireProvider(context);
  const after = readCursor(input.cursor);
  return inTransaction(
    context,
    async (tx) => {
      const rows = await selectOrganizations(tx, input, after, input.limit + 1);
      const items = rows.slice(0, input.limit);
      const last = items.at(-1);
      return { items, nextCursor: rows.length > input.limit && last ? JSON.stringify([last.name, last.id]) : null, total: await countOrganizations(tx, input) };
    },
    { readOnly: true },
  );
}
