import { recordAudits, type AuditRecord } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import { claimIdempotencyKey, claimNewKeys, type KeyClaim } from "@/server/platform/idempotency";
import type { Transaction } from "@/server/platform/transaction";
import { wakeAndAnnounce } from "@/server/platform/wake";
import { admissible, admitHolds, readQuotaIn } from "@/server/quota";
import { claimAddresses } from "../address/claim-address";
import type { InstanceRow } from "../types";
import { nameTaken } from "./change-instance";
import { volumesOf } from "./plan-volumes";
import { readSummary, toSummary } from "./read-summary";
import { fullClaim, mintUuid, requireImageFits, requireStanding } from "./rules";
import type { ParsedOrder } from "./schema";
import { insertInstances, selectOrderFacts, type OrderFacts, type OrderRows } from "./store";
import type { InstanceSummary } from "./types";

/** One caller's order, with the caller's own request, person and clock. */
export interface Ordered {
  readonly context: Context;
  readonly order: ParsedOrder;
}

/**
 * Writes orders of one organization in the caller's transaction. A single one is accepted or refused with its reason. Of
 * several, those to which there is nothing to object are accepted together; null is said of the others, which are to be
 * tried alone, where they get the exact reason. Throws a Problem, and nothing may be kept, when they do not fit together.
 */
export async function placeOrders(tx: Transaction, organizationId: string, orders: readonly Ordered[]): Promise<(InstanceSummary | null)[]> {
  const [first] = orders;
  if (!first) return [];
  const alone = orders.length === 1;
  const drafts = orders.map((ordered) => ({ ...ordered, instanceId: mintId("instance", ordered.context) }));
  if (alone && first.order.idempotencyKey !== undefined) {
    const known = await claimIdempotencyKey(tx, first.context, keyClaim(organizationId, first.order.idempotencyKey, drafts[0] ?? { ...first, instanceId: "" }));
    if (known !== null) return [await readSummary(tx, first.context, known)];
  }
  const facts = await selectOrderFacts(tx, organizationId, orders.map(({ order }) => order));
  const accepted = alone ? drafts.map((draft) => complete(organizationId, draft, facts)) : await withoutObjection(tx, organizationId, drafts, facts);
  const answers = await write(tx, organizationId, accepted);
  return drafts.map(({ instanceId }) => answers.get(instanceId) ?? null);
}

type Draft = Ordered & { readonly instanceId: string };
type Complete = ReturnType<typeof complete>;

function keyClaim(organizationId: string, key: string, { order, instanceId }: Draft): KeyClaim {
  const { idempotencyKey: _, ...input } = order;
  return { organizationId, key, action: "instances.create", input, targetId: instanceId };
}

/** Those of several orders that nothing speaks against as far as can be seen before writing; their keys are claimed. */
async function withoutObjection(tx: Transaction, organizationId: string, drafts: readonly Draft[], facts: OrderFacts): Promise<Complete[]> {
  const names = new Set<string>();
  const possible = drafts.flatMap((draft) => {
    if (names.has(draft.order.name)) return [];
    try {
      const made = complete(organizationId, draft, facts);
      names.add(draft.order.name);
      return [made];
    } catch (error) {
      if (error instanceof Problem) return [];
      throw error;
    }
  });
  const fits = admissible(await readQuotaIn(tx, organizationId), possible.map(({ rows }) => fullClaim(rows.row)));
  const fitting = possible.filter((_, index) => fits.has(index));
  const claims = fitting.flatMap(({ draft }) => (draft.order.idempotencyKey === undefined ? [] : [keyClaim(organizationId, draft.order.idempotencyKey, draft)]));
  const [first] = fitting;
  if (!first || claims.length === 0) return fitting;
  const claimed = await claimNewKeys(tx, first.draft.context, claims);
  return fitting.filter(({ draft }) => draft.order.idempotencyKey === undefined || claimed.has(draft.instanceId));
}

/** Everything that an order becomes, or the Problem that speaks against it. */
function complete(organizationId: string, draft: Draft, facts: OrderFacts) {
  const { context, order, instanceId } = draft;
  const { flavor, image, place, poolId } = checkedFacts(facts, order);
  const now = context.clock.now();
  const row: InstanceRow = {
    id: instanceId, organizationId, clusterId: place.clusterId, name: order.name, flavorId: flavor.id, imageId: image.id, uuid: mintUuid(context.random),
    vcpus: flavor.vcpus, memoryMiB: flavor.memoryMiB, diskGiB: flavor.diskGiB, desiredPower: "running", generation: 1, bootGeneration: 1, rebootMode: "guest",
    rebuildGeneration: 1, stopRequestedAt: null, stopGraceSeconds: 30, powerDecidedBy: "tenant", haPriority: 100, antiAffinityGroup: order.antiAffinityGroup ?? null,
    movable: true, userData: order.userData, quotaInstances: 0, quotaVcpus: 0, quotaMemoryMiB: 0, quotaStorageGiB: 0, createdBy: context.actor.id,
    createdAt: now, updatedAt: now, deletedAt: null, purgeAfter: null, purgedAt: null,
  };
  const detail = { flavorName: flavor.name, imageName: image.name, vcpus: row.vcpus, memoryMiB: row.memoryMiB, diskGiB: row.diskGiB };
  const sshKeyIds = facts.sshKeyIds.filter((id) => order.sshKeyIds.includes(id));
  const rows: OrderRows & { readonly row: InstanceRow } = {
    row, sshKeyIds, volumes: volumesOf(context, row, image, poolId),
    event: { id: mintId("instanceEvent", context), organizationId, instanceId, at: now, kind: "ordered", detail },
  };
  return { draft, rows, networkId: place.networkId, flavorName: flavor.name, imageName: image.name };
}

/** Refuses what cannot be ordered, with the reason; what is left is complete. */
function checkedFacts(facts: OrderFacts, order: ParsedOrder) {
  const { organization } = facts;
  if (!organization || organization.closed) throw new Problem("forbidden", sentence("refused-closed"));
  requireStanding(organization.standing, "create");
  const flavor = facts.flavors.find(({ id }) => id === order.flavorId);
  if (!flavor) throw notFound("flavor", order.flavorId);
  if (!flavor.onSale) throw new Problem("conflict", sentence("refused-flavor-off-sale", { flavor: flavor.name }), { field: "flavorId", flavorId: flavor.id });
  const image = facts.images.find(({ id }) => id === order.imageId);
  if (!image) throw notFound("image", order.imageId);
  requireImageFits(image, flavor);
  const missing = order.sshKeyIds.find((id) => !facts.sshKeyIds.includes(id));
  if (missing !== undefined) throw notFound("SSH key", missing);
  if (facts.takenNames.includes(order.name)) throw nameTaken(order.name);
  const place = facts.places.find(({ wanted, wantedNetwork }) => wanted === (order.clusterId ?? null) && wantedNetwork === (order.networkId ?? null));
  if (!place || place.poolId === null) {
    if (order.networkId != null) throw notFound("network", order.networkId);
    if (order.clusterId !== undefined) throw notFound("cluster", order.clusterId);
    throw new Problem("unavailable", sentence("refused-no-cluster"));
  }
  return { flavor, image, place, poolId: place.poolId };
}

async function write(tx: Transaction, organizationId: string, accepted: readonly Complete[]): Promise<Map<string, InstanceSummary>> {
  const answers = new Map<string, InstanceSummary>();
  const [first] = accepted;
  if (!first) return answers;
  const { context } = first.draft;
  await insertInstances(tx, accepted.map(({ rows }) => rows));
  const ips = await claimAddresses(tx, context, accepted.map(({ networkId, rows }) => ({ organizationId, networkId, instanceId: rows.row.id })));
  await wakeAndAnnounce(tx, ["place-instances"], ...accepted.map(({ rows }) => ({ organizationId, topic: "instance" as const, id: rows.row.id })));
  // The two rows that all orders of an organization share come last, so that their locks are held shortest.
  await admitHolds(tx, context, { organizationId, purpose: "order", claims: accepted.map(({ rows }) => ({ subjectId: rows.row.id, amounts: fullClaim(rows.row) })) });
  const audits: { context: Context; record: AuditRecord }[] = [];
  for (const [index, { draft, rows, flavorName, imageName }] of accepted.entries()) {
    const { row, sshKeyIds } = rows;
    const privateIp = ips[index] ?? null;
    audits.push({
      context: draft.context,
      record: {
        organizationId, action: "instance.ordered", targetKind: "instance", targetId: row.id,
        after: { name: row.name, flavorId: row.flavorId, imageId: row.imageId, sshKeyIds, privateIp, ...(draft.order.networkId == null ? {} : { networkId: draft.order.networkId }) },
      },
    });
    answers.set(row.id, toSummary({ row, observation: null, flavorName, imageName, privateIp }, draft.context.clock.now()));
  }
  await recordAudits(tx, audits);
  return answers;
}
