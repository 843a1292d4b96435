import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { requireProvider, tenantOf } from "../rules";
import type { ListMembersInput } from "./schema";
import { countMembers, selectMembers } from "./store";
import type { Member } from "./types";

export interface MemberPage {
  readonly items: readonly Member[];
  readonly nextCursor: string | null;
  readonly total: number;
}

/** Who works in this organization, and with which role. */
export async function listMembers(context: Context, input: ListMembersInput): Promise<MemberPage> {
  return pageOf(context, tenantOf(context), input);
}

/** The same for staff, of any organization. */
export async function listMembersOf(context: Context, organizationId: string, input: ListMembersInput): Promise<MemberPage> {
  requireProvider(context);
  return pageOf(context, organizationId, input);
}

async function pageOf(context: Context, organizationId: string, input: ListMembersInput): Promise<MemberPage> {
  return inTransaction(
    context,
    async (tx) => {
      const rows = await selectMembers(tx, organizationId, input.search, input.cursor ?? null, input.limit + 1);
      const items = rows.slice(0, input.limit);
      return { items, nextCursor: rows.length > input.limit ? (items.at(-1)?.userId ?? null) : null, total: await countMembers(tx, organizationId, input.search) };
    },
    { readOnly: true },
  );
}
