import { randomBytes, randomUUID } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { sql } from "drizzle-orm";
import type { Database } from "@/db/client";
import { image, flavor } from "@/db/schema/catalog";
import { instance } from "@/db/schema/compute";
import { allocation, cluster, host } from "@/db/schema/fleet";
import { member, organization, user, userSession } from "@/db/schema/tenancy";
import { issueConsoleTicket } from "@/server/compute/console";
import type { Gateway, GatewayOptions } from "@/server/console/server";
import { startGateway } from "@/server/console/server";
import type { HypervisorDriver } from "@/server/drivers/hypervisor/types";
import { systemClock } from "@/server/platform/clock";
import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import { silentLogger } from "@/server/platform/logger";
import { systemRandom } from "@/server/platform/random";
import { WebSocket } from "ws";
import type { TestDatabase } from "../support/database";
import { testContext } from "../support/database";

export const ORIGIN = "https://portal.example";
const source = { clock: systemClock, random: systemRandom };

export interface Tenant {
  readonly organizationId: string;
  readonly userId: string;
  readonly userSessionId: string;
  readonly context: Context;
}

export async function createTenant(database: TestDatabase): Promise<Tenant> {
  const organizationId = mintId("organization", source);
  const userId = mintId("user", source);
  const userSessionId = mintId("userSession", source);
  const now = new Date();
  const db = database.worker;
  await db.insert(organization).values({ id: organizationId, slug: organizationId.replace("_", "-"), name: "Tenant", createdAt: now });
  await db.insert(user).values({ id: userId, email: `${userId}@example.test`, name: "Person", createdAt: now });
  await db.insert(member).values({ organizationId, userId, role: "owner", createdAt: now });
  await db.insert(userSession).values({ id: userSessionId, userId, createdAt: now, lastSeenAt: now, expiresAt: new Date(now.getTime() + 3_600_000) });
  const context = testContext(database.app, { scope: "tenant", organizationId, actor: { kind: "user", id: userId } });
  return { organizationId, userId, userSessionId, context };
}

/** An instance with its place on a host of that address. */
export async function createInstance(db: Database, organizationId: string, uri: string): Promise<string> {
  const now = new Date();
  const clusterId = mintId("cluster", source);
  const hostId = mintId("host", source);
  const flavorId = mintId("flavor", source);
  const imageId = mintId("image", source);
  const instanceId = mintId("instance", source);
  await db.insert(cluster).values({ id: clusterId, name: clusterId, hypervisor: "simulated", cpuModel: "qemu64", createdAt: now });
  await db.insert(host).values({ id: hostId, clusterId, name: hostId, uri, managementAddress: "127.0.0.1", cores: 4, memoryMiB: 8192, state: "up", stateChangedAt: now, enrolledAt: now });
  await db.insert(flavor).values({ id: flavorId, name: flavorId, class: "standard", vcpus: 1, memoryMiB: 256, diskGiB: 1, cpuReservationMillicores: 0, memoryReservationMiB: 0, createdAt: now });
  await db.insert(image).values({ id: imageId, name: "tiny", bootKind: "disk", volume: "golden", format: "qcow2", virtualSizeMiB: 64, sizeBytes: 1, sha256: "0", status: "available", createdAt: now, createdBy: "test" });
  await db.insert(instance).values({ id: instanceId, organizationId, clusterId, name: instanceId, flavorId, imageId, uuid: randomUUID(), vcpus: 1, memoryMiB: 256, diskGiB: 1, desiredPower: "running", createdBy: "test", createdAt: now, updatedAt: now });
  await db.insert(allocation).values({ instanceId, clusterId, hostId, epoch: 1, vcpus: 1, memoryMiB: 256, cpuReservationMillicores: 0, memoryReservationMiB: 0, decisionId: "dec_test", decidedAt: now });
  return instanceId;
}

/** Makes the instance the desktop of a tenant's person, with an open session of theirs. */
export async function makeDesktop({ owner }: TestDatabase, { organizationId, userId }: Tenant, instanceId: string): Promise<{ readonly sessionId: string; readonly poolId: string; readonly desktopId: string }> {
  const [goldenId, versionId, poolId, desktopId, sessionId] = [mintId("goldenImage", source), mintId("goldenVersion", source), mintId("desktopPool", source), mintId("desktop", source), mintId("desktopSession", source)];
  await owner.execute(sql`insert into golden_image (id, organization_id, name, created_at, created_by) values (${goldenId}, ${organizationId}, 'office', now(), 'test')`);
  await owner.execute(sql`insert into golden_version (id, organization_id, golden_image_id, number, image_id, state, created_at, created_by) select ${versionId}, ${organizationId}, ${goldenId}, 1, image_id, 'published', now(), 'test' from instance where id = ${instanceId}`);
  await owner.execute(sql`
    insert into desktop_pool (id, organization_id, cluster_id, name, kind, golden_image_id, version_id, flavor_id, maximum, created_at, created_by, updated_at)
    select ${poolId}, organization_id, cluster_id, 'office', 'floating', ${goldenId}, ${versionId}, flavor_id, 1, now(), 'test', now() from instance where id = ${instanceId}`);
  await owner.execute(sql`
    insert into desktop (id, organization_id, pool_id, number, instance_id, version_id, state, state_changed_at, assigned_user_id, used_by_user_id, created_at)
    values (${desktopId}, ${organizationId}, ${poolId}, 1, ${instanceId}, ${versionId}, 'in-session', now(), ${userId}, ${userId}, now())`);
  await owner.execute(sql`insert into desktop_session (id, organization_id, pool_id, desktop_id, user_id, given, asked_at, ready_at) values (${sessionId}, ${organizationId}, ${poolId}, ${desktopId}, ${userId}, 'running', now(), now())`);
  return { sessionId, poolId, desktopId };
}

export async function startTestGateway(database: TestDatabase, driver: HypervisorDriver, limits: GatewayOptions["limits"] = {}): Promise<Gateway> {
  return startGateway({
    db: database.worker,
    databaseUrl: database.url.worker,
    driverFor: () => driver,
    portalOrigins: [ORIGIN],
    bindAddress: "127.0.0.1",
    port: 0,
    name: `gateway-${randomBytes(4).toString("hex")}`,
    ...source,
    logger: silentLogger,
    limits,
  });
}

export async function ticketPath(tenant: Tenant, instanceId: string, kind: "vnc" | "serial", viewOnly = false): Promise<string> {
  return (await issueConsoleTicket(tenant.context, { instanceId, kind, viewOnly, userSessionId: tenant.userSessionId })).path;
}

/** A browser's side of a console: collects bytes, remembers how it was closed. */
export class Client extends EventEmitter {
  readonly socket: WebSocket;
  readonly chunks: Buffer[] = [];
  received = 0;
  closed: { code: number; reason: string; atMs: number } | null = null;
  private taken = 0;

  constructor(port: number, path: string, origin: string | null = ORIGIN) {
    super();
    this.socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: origin === null ? {} : { origin } });
    this.socket.on("message", (data: Buffer) => {
      this.chunks.push(data);
      this.received += data.length;
      this.emit("bytes");
    });
    this.socket.on("close", (code, reason) => {
      this.closed ??= { code, reason: reason.toString(), atMs: Date.now() };
      this.emit("bytes");
      this.emit("closed");
    });
    this.socket.on("error", (error) => this.emit("refused", error.message));
  }

  /** The next `bytes` bytes. */
  async take(bytes: number): Promise<Buffer> {
    while (this.received - this.taken < bytes) {
      if (this.closed) throw new Error(`closed with ${this.closed.code} ${this.closed.reason} while ${bytes} bytes were awaited`);
      await once(this, "bytes");
    }
    const all = Buffer.concat(this.chunks);
    const part = all.subarray(this.taken, this.taken + bytes);
    this.taken += bytes;
    return part;
  }

  text(): string {
    return Buffer.concat(this.chunks).toString("utf8");
  }

  async textWith(part: string): Promise<string> {
    while (!this.text().includes(part)) {
      if (this.closed) throw new Error(`closed with ${this.closed.code} ${this.closed.reason} before "${part}" came`);
      await once(this, "bytes");
    }
    return this.text();
  }

  async end(): Promise<{ code: number; reason: string; atMs: number }> {
    if (!this.closed) await once(this, "closed");
    return this.closed!;
  }

  /** RFB 3.8 without a password, up to and with ServerInit; gives the screen's size. */
  async rfb(): Promise<{ width: number; height: number; name: string }> {
    expectEqual((await this.take(12)).toString(), "RFB 003.008\n");
    this.socket.send(Buffer.from("RFB 003.008\n"));
    expectEqual((await this.take(2)).toString("hex"), "0101");
    this.socket.send(Buffer.from([1]));
    expectEqual((await this.take(4)).readUInt32BE(0), 0);
    this.socket.send(Buffer.from([0]));
    const head = await this.take(24);
    const name = (await this.take(head.readUInt32BE(20))).toString();
    return { width: head.readUInt16BE(0), height: head.readUInt16BE(2), name };
  }
}

function expectEqual(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`expected ${String(expected)}, got ${String(actual)}`);
}

/** The status line of an upgrade that was turned away. */
export async function refusedUpgrade(port: number, path: string, origin: string | null): Promise<string> {
  const client = new Client(port, path, origin);
  const [message] = (await once(client, "refused")) as [string];
  return message;
}
