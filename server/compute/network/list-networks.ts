import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { requireOrganization } from "../rules";
import { sizeOfRange } from "./rules";
import { selectPrivateNetworks } from "./store";
import type { NetworkView } from "./types";

/** The organization's private networks, by name. */
export async function listNetworks(context: Context): Promise<NetworkView[]> {
  const organizationId = requireOrganization(context);
  const rows = await inTransaction(context, (tx) => selectPrivateNetworks(tx, organizationId), { readOnly: true });
  return rows.map((row) => ({ ...row, size: sizeOfRange(row) }));
}
