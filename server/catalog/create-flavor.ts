import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import { inTransaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { classDefaults } from "./rules";
import { createFlavorInput, type CreateFlavorInput } from "./schema";
import { insertFlavor } from "./store";
import type { FlavorRow } from "./types";

/** Puts a size into the catalog. A size is never changed afterwards: what was sold stays what it was. */
export async function createFlavor(context: Context, input: CreateFlavorInput): Promise<FlavorRow> {
  const { onSale, cpuReservationMillicores, cpuLimitMillicores, cpuShares, memoryReservationMiB, ...size } = createFlavorInput.parse(input);
  const promise = classDefaults(size.class, size);
  return inTransaction(context, async (tx) => {
    const made = await insertFlavor(tx, {
      ...size,
      id: mintId("flavor", context),
      cpuReservationMillicores: cpuReservationMillicores ?? promise.cpuReservationMillicores,
      cpuLimitMillicores: cpuLimitMillicores === undefined ? promise.cpuLimitMillicores : cpuLimitMillicores,
      cpuShares: cpuShares ?? promise.cpuShares,
      memoryReservationMiB: memoryReservationMiB ?? promise.memoryReservationMiB,
      onSale,
      createdAt: context.clock.now(),
    });
    if (!made) throw new Problem("conflict", sentence("refused-flavor-taken", { name: size.name }), { field: "name", name: size.name });
    await announce(tx, { organizationId: null, topic: "catalog", id: made.id });
    await recordAudit(tx, context, { organizationId: null, action: "flavor.created", targetKind: "flavor", targetId: made.id, after: { ...made, createdAt: made.createdAt.toISOString() } });
    return made;
  });
}
