import { and, eq, isNull } from "drizzle-orm";
import { address, instance, instanceSshKey, network, sshKey } from "@/db/schema/compute";
import type { Transaction } from "@/server/platform/transaction";

export async function selectSeedFacts(tx: Transaction, instanceId: string) {
  const [row] = await tx
    .select({ id: instance.id, name: instance.name, userData: instance.userData, rebuildGeneration: instance.rebuildGeneration })
    .from(instance)
    .where(eq(instance.id, instanceId));
  if (!row) return null;
  const keys = await tx
    .select({ publicKey: sshKey.publicKey })
    .from(instanceSshKey)
    .innerJoin(sshKey, eq(sshKey.id, instanceSshKey.sshKeyId))
    .where(eq(instanceSshKey.instanceId, instanceId))
    .orderBy(sshKey.id);
  const addresses = await tx
    .select({ ip: address.ip, mac: address.mac, cidr: network.cidr, gateway: network.gateway, dnsServers: network.dnsServers })
    .from(address)
    .innerJoin(network, eq(network.id, address.networkId))
    .where(and(eq(address.instanceId, instanceId), isNull(address.releasedAt), eq(address.kind, "private")))
    .orderBy(address.createdAt);
  return { ...row, publicKeys: keys.map((key) => key.publicKey), addresses };
}
