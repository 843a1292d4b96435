import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { mintId } from "@/server/platform/id";
import { claimIdempotencyKey } from "@/server/platform/idempotency";
import { inTransaction, violatedConstraint, type Transaction } from "@/server/platform/transaction";
import { wakeAndAnnounce } from "@/server/platform/wake";
import { admitHold } from "@/server/quota";
import { claimAddress } from "../address/claim-address";
import { requireOrganization } from "../rules";
import type { InstanceRow } from "../types";
import { nameTaken } from "./change-instance";
import { fullClaim, mintUuid, requireImageFits, requireStanding } from "./rules";
import { createInstanceInput, type CreateInstanceInput } from "./schema";
import { insertInstance, selectOrderFacts, type OrderFacts } from "./store";
import { readSummary, toSummary } from "./read-summary";
import type { InstanceSummary } from "./types";
import { volumesOf } from "./plan-volumes";

/** A MAC address of 24 random bits meets a taken one once in a thousand orders at ten thousand instances. */
const MAX_MAC_ATTEMPTS = 3;

/**
 * Orders an instance for the context's organization: desired state, a private address, disks to be made, and a hold on
 * the quota, in one transaction. It is placed and started by the loops. The same idempotency key answers the same instance.
 */
export async function createInstance(context: Context, input: CreateInstanceInput): Promise<InstanceSummary> {
  const order = createInstanceInput.parse(input);
  const organizationId = requireOrganization(context);
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(context, (tx) => placeOrder(tx, context, organizationId, order));
    } catch (error) {
      const constraint = violatedConstraint(error);
      if (constraint === "instance_name") throw nameTaken(order.name, error);
      if (constraint !== "address_mac" || attempt >= MAX_MAC_ATTEMPTS) throw error;
    }
  }
}

type Order = ReturnType<typeof createInstanceInput.parse>;

async function placeOrder(tx: Transaction, context: Context, organizationId: string, order: Order): Promise<InstanceSummary> {
  const instanceId = mintId("instance", context);
  if (order.idempotencyKey !== undefined) {
    const { idempotencyKey: key, ...rest } = order;
    const known = await claimIdempotencyKey(tx, context, { organizationId, key, action: "instances.create", input: rest, targetId: instanceId });
    if (known !== null) return readSummary(tx, context, known);
  }
  const facts = await selectOrderFacts(tx, { ...order, organizationId, clusterId: order.clusterId ?? null });
  const { flavor, image, network, poolId } = checkedFacts(facts, order);
  const now = context.clock.now();
  const row: InstanceRow = {
    id: instanceId, organizationId, clusterId: network.clusterId, name: order.name, flavorId: flavor.id, imageId: image.id, uuid: mintUuid(context.random),
    vcpus: flavor.vcpus, memoryMiB: flavor.memoryMiB, diskGiB: flavor.diskGiB, desiredPower: "running", generation: 1, bootGeneration: 1, rebootMode: "guest",
    rebuildGeneration: 1, stopRequestedAt: null, stopGraceSeconds: 30, powerDecidedBy: "tenant", haPriority: 100, antiAffinityGroup: order.antiAffinityGroup ?? null,
    movable: true, userData: order.userData, quotaInstances: 0, quotaVcpus: 0, quotaMemoryMiB: 0, quotaStorageGiB: 0, createdBy: context.actor.id,
    createdAt: now, updatedAt: now, deletedAt: null, purgeAfter: null, purgedAt: null,
  };
  const detail = { flavorName: flavor.name, imageName: image.name, vcpus: row.vcpus, memoryMiB: row.memoryMiB, diskGiB: row.diskGiB };
  await insertInstance(tx, row, volumesOf(context, row, image, poolId), facts.sshKeyIds, { id: mintId("instanceEvent", context), organizationId, instanceId, at: now, kind: "ordered", detail });
  const privateIp = await claimAddress(tx, context, { organizationId, networkId: network.id, instanceId });
  await wakeAndAnnounce(tx, ["place-instances"], { organizationId, topic: "instance", id: instanceId });
  // The two rows that all orders of an organization share come last, so that their locks are held shortest.
  await admitHold(tx, context, { organizationId, subjectId: instanceId, purpose: "order", amounts: fullClaim(row) });
  await recordAudit(tx, context, {
    organizationId, action: "instance.ordered", targetKind: "instance", targetId: instanceId,
    after: { name: row.name, flavorId: flavor.id, imageId: image.id, sshKeyIds: facts.sshKeyIds, privateIp },
  });
  return toSummary({ row, observation: null, flavorName: flavor.name, imageName: image.name, privateIp }, now);
}

/** Refuses what cannot be ordered, with the reason; what is left is complete. */
function checkedFacts(facts: OrderFacts, order: Order) {
  const { organization, flavor, image, network, poolId } = facts;
  if (!organization || organization.closed) throw new Problem("forbidden", "This organization is closed, so nothing can be ordered.");
  requireStanding(organization.standing, "create");
  if (!flavor) throw notFound("flavor", order.flavorId);
  if (!flavor.onSale) throw new Problem("conflict", `The flavor ${flavor.name} is no longer on sale. Choose another one.`, { field: "flavorId", flavorId: flavor.id });
  if (!image) throw notFound("image", order.imageId);
  requireImageFits(image, flavor);
  const missing = order.sshKeyIds.find((id) => !facts.sshKeyIds.includes(id));
  if (missing !== undefined) throw notFound("SSH key", missing);
  if (facts.nameTaken) throw nameTaken(order.name);
  if (!network || poolId === null) {
    if (order.clusterId !== undefined) throw notFound("cluster", order.clusterId);
    throw new Problem("unavailable", "There is no cluster with a network and storage yet. Write to support.");
  }
  return { flavor, image, network, poolId };
}
