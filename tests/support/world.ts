import { createHash, randomBytes } from "node:crypto";
import { eq, sql } from "drizzle-orm";
import { flavor, image, priceVersion } from "@/db/schema/catalog";
import { address, instance, instanceEvent, instanceObservation, instanceSshKey, network, sshKey, volume } from "@/db/schema/compute";
import { consoleSession } from "@/db/schema/console";
import { allocation, cluster, decision, host, hostPower, storagePool } from "@/db/schema/fleet";
import { sample, usageWindow } from "@/db/schema/metering";
import { quota } from "@/db/schema/quota";
import { invitation, member, organization, user, userSession } from "@/db/schema/tenancy";
import { createApiContext, type ApiContext } from "@/server/api/context";
import type { ChangeHub } from "@/server/api/change-hub";
import { createCaller } from "@/server/api/root";
import { systemClock, type Clock } from "@/server/platform/clock";
import { mintId } from "@/server/platform/id";
import { silentLogger, type Logger } from "@/server/platform/logger";
import { systemRandom } from "@/server/platform/random";
import { MEMBER_ROLES, OPERATOR_ROLES, readSession, type MemberRole, type OperatorRole, type Session } from "@/server/tenancy";
import { hashPassword } from "@/server/tenancy/user";
import { testContext, type TestDatabase } from "./database";

/** Everybody's password in the world. */
export const WORLD_PASSWORD = "correct horse battery staple";

export interface Person {
  readonly id: string;
  readonly email: string;
  readonly sessionId: string;
}

/** One tenant with something of everything. */
export interface Tenant {
  readonly id: string;
  readonly slug: string;
  readonly people: Readonly<Record<MemberRole, Person>>;
  readonly instanceId: string;
  readonly volumeId: string;
  readonly imageId: string;
  readonly sshKeyId: string;
  readonly invitationId: string;
  /** The secret of the invitation's link. */
  readonly invitationToken: string;
}

export type Caller = ReturnType<typeof createCaller>;

/** Two tenants, our staff, a cluster with two hosts; for tests that need the whole house. */
export interface World {
  readonly database: TestDatabase;
  readonly acme: Tenant;
  readonly globex: Tenant;
  readonly staff: Readonly<Record<OperatorRole, Person>>;
  /** An account without any organization. */
  readonly outsider: Person;
  readonly clusterId: string;
  readonly hostIds: readonly [string, string];
  readonly flavorId: string;
  readonly largerFlavorId: string;
  readonly publicImageId: string;
  readonly decisionId: string;
  /** An organization with a quota and nothing else. */
  addOrganization(): Promise<{ readonly id: string; readonly slug: string }>;
  /** Fresh things for procedures that use theirs up. */
  addPerson(label: string, operatorRole?: OperatorRole): Promise<Person>;
  addMember(tenant: Tenant, role?: MemberRole): Promise<Person>;
  addInstance(tenant: Tenant, options?: { readonly power?: "running" | "stopped"; readonly deleted?: boolean }): Promise<string>;
  addImage(tenant: Tenant): Promise<string>;
  addPublicImage(): Promise<string>;
  addSshKey(tenant: Tenant): Promise<string>;
  addInvitation(tenant: Tenant, role?: MemberRole): Promise<{ id: string; token: string; email: string }>;
  addHost(): Promise<string>;
  /** A console of the tenant's machine that is open now, held by its owner. */
  addConsole(tenant: Tenant): Promise<string>;
  /** The session of a person, read as a request reads it. */
  session(person: Person): Promise<Session | null>;
  /** Procedures as this person (null: nobody). */
  caller(person: Person | null, options?: { readonly changes?: ChangeHub; readonly signal?: AbortSignal }): Promise<Caller>;
  apiContext(person: Person | null, options?: { readonly changes?: ChangeHub }): Promise<ApiContext>;
}

const mint = (kind: Parameters<typeof mintId>[0]): string => mintId(kind, { clock: systemClock, random: systemRandom });
const word = (): string => randomBytes(4).toString("hex");

/** Fills a database with the world. `logger` hears what procedures log. */
export async function createWorld(database: TestDatabase, options: { readonly clock?: Clock; readonly logger?: Logger } = {}): Promise<World> {
  const clock = options.clock ?? systemClock;
  const db = database.owner;
  const now = clock.now();
  const passwordHash = await hashPassword(WORLD_PASSWORD);

  const addPerson = async (label: string, operatorRole: OperatorRole | null = null): Promise<Person> => {
    const person = { id: mint("user"), email: `${label}-${word()}@world.test`, sessionId: mint("userSession") };
    await db.insert(user).values({ id: person.id, email: person.email, name: `Person ${label}`, passwordHash, operatorRole, createdAt: now });
    await db.insert(userSession).values({ id: person.sessionId, userId: person.id, createdAt: now, lastSeenAt: now, expiresAt: new Date(now.getTime() + 86_400_000) });
    return person;
  };

  const clusterId = mint("cluster");
  await db.insert(cluster).values({ id: clusterId, name: `cluster-${word()}`, hypervisor: "simulated", cpuModel: "qemu64", createdAt: now });
  const poolId = mint("storagePool");
  await db.insert(storagePool).values({ id: poolId, clusterId, name: "berth", path: "/var/lib/berth", capacityMiB: 1_000_000, availableMiB: 900_000, observedAt: now });
  const addHost = async (): Promise<string> => {
    const id = mint("host");
    await db.insert(host).values({ id, clusterId, name: `host-${word()}`, uri: "sim://host", managementAddress: "127.0.0.1", cores: 16, memoryMiB: 65_536, state: "up", stateChangedAt: now, lastSeenAt: now, enrolledAt: now });
    await db.insert(hostPower).values({ hostId: id, config: { kind: "simulated", hostName: id }, updatedAt: now });
    return id;
  };
  const hostIds: [string, string] = [await addHost(), await addHost()];
  const networkId = mint("network");
  await db.insert(network).values({ id: networkId, clusterId, name: "private", cidr: "10.64.0.0/16", gateway: "10.64.0.1", firstAddress: "10.64.1.1", lastAddress: "10.64.250.250", bridge: "br0", createdAt: now });

  const flavorId = mint("flavor");
  const largerFlavorId = mint("flavor");
  await db.insert(flavor).values([
    { id: flavorId, name: "s1", class: "standard", vcpus: 1, memoryMiB: 256, diskGiB: 4, cpuReservationMillicores: 100, memoryReservationMiB: 256, createdAt: now },
    { id: largerFlavorId, name: "s2", class: "standard", vcpus: 2, memoryMiB: 512, diskGiB: 4, cpuReservationMillicores: 200, memoryReservationMiB: 512, createdAt: now },
  ]);
  const longAgo = new Date(now.getTime() - 60 * 86_400_000);
  for (const [currency, micros] of [["JPY", 1_500_000], ["USD", 10_000]] as const) {
    const price = { currency, microsPerHour: micros, validFrom: longAgo, createdAt: now, createdBy: "test" };
    await db.insert(priceVersion).values([
      { id: mint("priceVersion"), meter: "instance", flavorId, ...price },
      { id: mint("priceVersion"), meter: "instance", flavorId: largerFlavorId, ...price, microsPerHour: micros * 2 },
      { id: mint("priceVersion"), meter: "storage", ...price, microsPerHour: Math.round(micros / 100) },
      { id: mint("priceVersion"), meter: "address", ...price, microsPerHour: Math.round(micros / 10) },
    ]);
  }
  const insertImage = async (organizationId: string | null, label: string): Promise<string> => {
    const id = mint("image");
    await db.insert(image).values({ id, organizationId, name: `${label}-image-${word()}`, bootKind: "disk", volume: `base-${id}.qcow2`, format: "qcow2", virtualSizeMiB: 1024, sizeBytes: 10_000_000, sha256: createHash("sha256").update(id).digest("hex"), status: "available", uploadedAt: now, createdAt: now, createdBy: "test" });
    return id;
  };
  const publicImageId = await insertImage(null, "public");
  const decisionId = mint("decision");
  await db.insert(decision).values({ id: decisionId, kind: "place", clusterId, hostId: hostIds[0], basedOn: {}, inputs: {}, chosen: {}, rejected: [], reason: "a decision of the world", outcome: "applied", createdAt: now });

  const addMember = async (tenant: Pick<Tenant, "id" | "slug">, role: MemberRole = "viewer"): Promise<Person> => {
    const person = await addPerson(`${tenant.slug}-${role}`);
    await db.insert(member).values({ organizationId: tenant.id, userId: person.id, role, createdAt: now });
    return person;
  };
  const addSshKey = async (tenant: Pick<Tenant, "id" | "slug">): Promise<string> => {
    const id = mint("sshKey");
    await db.insert(sshKey).values({ id, organizationId: tenant.id, name: `${tenant.slug}-key-${word()}`, publicKey: `ssh-ed25519 ${randomBytes(51).toString("base64")} ${tenant.slug}`, fingerprint: `SHA256:${randomBytes(32).toString("base64")}`, createdBy: "test", createdAt: now });
    return id;
  };
  const addInvitation = async (tenant: Pick<Tenant, "id" | "slug" | "people">, role: MemberRole = "viewer") => {
    const token = randomBytes(32).toString("base64url");
    const email = `${tenant.slug}-invited-${word()}@world.test`;
    const id = mint("invitation");
    await db.insert(invitation).values({ id, organizationId: tenant.id, email, role, tokenHash: createHash("sha256").update(token).digest("hex"), invitedBy: tenant.people.owner.id, createdAt: now, expiresAt: new Date(now.getTime() + 86_400_000) });
    return { id, token, email };
  };
  const addInstance: World["addInstance"] = async (tenant, wanted = {}) => {
    const { power = "running", deleted = false } = wanted;
    const id = mint("instance");
    const hostId = hostIds[0];
    await db.insert(instance).values({
      id, organizationId: tenant.id, clusterId, name: `${tenant.slug}-${word()}`, flavorId, imageId: publicImageId, uuid: crypto.randomUUID(), vcpus: 1, memoryMiB: 256, diskGiB: 4,
      desiredPower: deleted ? "stopped" : power, createdBy: "test", createdAt: now, updatedAt: now, quotaInstances: 1, quotaVcpus: 1, quotaMemoryMiB: 256, quotaStorageGiB: 4,
      ...(deleted ? { deletedAt: now, purgeAfter: new Date(now.getTime() + 86_400_000) } : {}),
    });
    await db.update(quota).set({
      committedInstances: sql`${quota.committedInstances} + 1`, committedVcpus: sql`${quota.committedVcpus} + 1`,
      committedMemoryMiB: sql`${quota.committedMemoryMiB} + 256`, committedStorageGiB: sql`${quota.committedStorageGiB} + 4`,
    }).where(eq(quota.organizationId, tenant.id));
    await db.insert(instanceObservation).values({ instanceId: id, organizationId: tenant.id, hostId, state: power, vcpus: 1, memoryMiB: 256, diskGiB: 4, bootGeneration: 1, rebuildGeneration: 1, appliedGeneration: 1, runningSince: power === "running" ? now : null, observedAt: now, phase: "placed" });
    await db.insert(allocation).values({ instanceId: id, clusterId, hostId, epoch: 1, vcpus: 1, memoryMiB: 256, cpuReservationMillicores: 100, memoryReservationMiB: 256, decisionId, decidedAt: now });
    await db.insert(volume).values({ id: mint("volume"), organizationId: tenant.id, instanceId: id, poolId, name: `${id}.qcow2`, kind: "root", format: "qcow2", sizeGiB: 4, state: "present", presentSince: now, createdAt: now });
    const octets = randomBytes(2);
    await db.insert(address).values({ id: mint("address"), organizationId: tenant.id, networkId, instanceId: id, ip: `10.64.${octets[0]! % 249 + 1}.${octets[1]! % 249 + 1}`, mac: `52:54:00:${randomBytes(3).toString("hex").match(/../g)!.join(":")}`, createdAt: now }).onConflictDoNothing();
    await db.insert(instanceEvent).values({ id: mint("instanceEvent"), organizationId: tenant.id, instanceId: id, at: now, kind: "ordered" });
    await db.insert(usageWindow).values({ id: mint("usageWindow"), organizationId: tenant.id, meter: "instance", resourceId: id, instanceId: id, flavorId, class: "standard", quantity: 1, vcpus: 1, memoryMiB: 256, hostId, startedAt: new Date(now.getTime() - 3_600_000), endedAt: now, createdAt: now });
    const minute = new Date(Math.floor(now.getTime() / 60_000) * 60_000);
    await db.insert(sample).values({ organizationId: tenant.id, instanceId: id, minute, cpuMillicores: 120 });
    return id;
  };

  const addConsole: World["addConsole"] = async (tenant) => {
    const id = mint("consoleSession");
    await db.insert(consoleSession).values({ id, organizationId: tenant.id, instanceId: tenant.instanceId, userId: tenant.people.owner.id, userSessionId: tenant.people.owner.sessionId, kind: "vnc", gateway: "test", startedAt: now });
    return id;
  };

  const insertOrganization = async (slug: string, currency: string): Promise<string> => {
    const id = mint("organization");
    await db.insert(organization).values({ id, slug, name: `${slug} incorporated`, currency, createdAt: now });
    const many = 1_000_000;
    await db.insert(quota).values({
      organizationId: id, updatedAt: now,
      limitInstances: many, limitVcpus: many, limitMemoryMiB: many, limitStorageGiB: many, limitPublicAddresses: many, limitSnapshots: many,
      ceilingInstances: many, ceilingVcpus: many, ceilingMemoryMiB: many, ceilingStorageGiB: many, ceilingPublicAddresses: many, ceilingSnapshots: many,
    });
    return id;
  };

  const createTenant = async (slug: string, currency: string): Promise<Tenant> => {
    const id = await insertOrganization(slug, currency);
    const people: Partial<Record<MemberRole, Person>> = {};
    for (const role of MEMBER_ROLES) people[role] = await addMember({ id, slug }, role);
    const base = { id, slug, people: people as Record<MemberRole, Person> };
    const invited = await addInvitation(base);
    const sshKeyId = await addSshKey(base);
    const shell: Tenant = { ...base, instanceId: "", volumeId: "", imageId: await insertImage(id, slug), sshKeyId, invitationId: invited.id, invitationToken: invited.token };
    const instanceId = await addInstance(shell);
    await db.insert(instanceSshKey).values({ organizationId: id, instanceId, sshKeyId });
    const [root] = await db.select({ id: volume.id }).from(volume).where(eq(volume.instanceId, instanceId));
    return { ...shell, instanceId, volumeId: root!.id };
  };

  const acme = await createTenant("acme", "JPY");
  const globex = await createTenant("globex", "USD");
  const staff: Partial<Record<OperatorRole, Person>> = {};
  for (const role of OPERATOR_ROLES) staff[role] = await addPerson(`staff-${role}`, role);

  const session = (person: Person): Promise<Session | null> => readSession(testContext(database.app, { scope: "identity", clock }), { sid: person.sessionId, userId: person.id });
  const apiContext: World["apiContext"] = async (person, given = {}) =>
    createApiContext({
      db: database.app, clock, random: systemRandom, logger: options.logger ?? silentLogger, session: person ? await session(person) : null,
      ip: "192.0.2.1", userAgent: "test", portalUrl: "http://portal.test", consoleUrl: "ws://console.test", ...(given.changes ? { changes: given.changes } : {}),
    });

  return {
    database, acme, globex, staff: staff as Record<OperatorRole, Person>, outsider: await addPerson("outsider"),
    clusterId, hostIds, flavorId, largerFlavorId, publicImageId, decisionId,
    addOrganization: async () => {
      const slug = `other-${word()}`;
      return { id: await insertOrganization(slug, "EUR"), slug };
    },
    addPerson: (label, role) => addPerson(label, role ?? null), addMember, addInstance, addImage: (tenant) => insertImage(tenant.id, tenant.slug), addPublicImage: () => insertImage(null, "public"), addSshKey, addInvitation, addHost, addConsole,
    session, apiContext,
    caller: async (person, given) => createCaller(await apiContext(person, given), { signal: given?.signal }),
  };
}
