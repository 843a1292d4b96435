import { constants, deflateSync, inflateSync } from "node:zlib";
import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { member } from "@/db/schema/tenancy";
import { issueConsoleTicket, type DesktopPolicy } from "@/server/compute/console";
import { RfbClientFilter, type ClientRules } from "@/server/console/rfb-filter";
import { createTestDatabase, type TestDatabase } from "../support/database";
import { screenOnlyDriver, startFakeVnc } from "./fake-vnc";
import { Client, createInstance, createTenant, startTestGateway, type Tenant } from "./setting";

const ALL: ClientRules = { viewOnly: false, clipboardIn: true, clipboardOut: true, remoteResize: true };
const plainText = Buffer.from([6, 0, 0, 0, 0, 0, 0, 2, 0x68, 0x69]);
const extended = (flags: number, more = 0): Buffer => {
  const message = Buffer.alloc(12 + more);
  message[0] = 6;
  message.writeInt32BE(-(4 + more), 4);
  message.writeUInt32BE(flags, 8);
  return message;
};
const TEXT = 1;
const [caps, request, notify, provide] = [extended(2 ** 24 + TEXT, 4), extended(2 ** 25 + TEXT), extended(2 ** 27 + TEXT), extended(2 ** 28 + TEXT, 30)];
const resize = Buffer.concat([Buffer.from([251, 0, 2, 0, 1, 0, 1, 0]), Buffer.alloc(16)]);
const key = Buffer.from([4, 1, 0, 0, 0, 0, 0, 0x61]);
const encodings = Buffer.from([2, 0, 0, 2, 0, 0, 0, 7, 0xc0, 0xa1, 0xe5, 0xce]);

describe("what a pool's policy lets through", () => {
  it.each([
    ["everything", {}, [encodings, caps, plainText, request, notify, provide, resize, key]],
    ["no text into the guest", { clipboardIn: false }, [encodings, caps, request, resize, key]],
    ["no text out of the guest", { clipboardOut: false }, [encodings, caps, plainText, notify, provide, resize, key]],
    ["no clipboard at all, so the guest's side never hears of one", { clipboardIn: false, clipboardOut: false }, [Buffer.from([2, 0, 0, 1, 0, 0, 0, 7]), caps, resize, key]],
    ["no other size of the screen", { remoteResize: false }, [encodings, caps, plainText, request, notify, provide, key]],
  ] satisfies [string, Partial<ClientRules>, Buffer[]][])("%s", (_name, rules, expected) => {
    const filter = new RfbClientFilter({ ...ALL, ...rules }, 1_000_000);
    const stream = Buffer.concat([encodings, caps, plainText, request, notify, provide, resize, key]);
    const passed: Buffer[] = [];
    for (let at = 0; at < stream.length; at += 5) passed.push(filter.push(stream.subarray(at, at + 5)).forward);
    expect(Buffer.concat(passed).toString("hex")).toBe(Buffer.concat(expected).toString("hex"));
  });

  /** As noVNC sends a text: its stream is flushed and not ended. */
  const delivered = (text: string): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(text));
    const packed = deflateSync(Buffer.concat([length, Buffer.from(text)]), { finishFlush: constants.Z_FULL_FLUSH });
    const message = extended(2 ** 28 + TEXT, packed.length);
    packed.copy(message, 12);
    return message;
  };

  it.each([
    ["two lines, é and 日本語\r\nthe second\r\n\0", "two lines, é and 日本語\nthe second\n"],
    ["\0", ""],
    ["x".repeat(200_000), "x".repeat(200_000)],
  ])("hands a text to the guest with plain lines and without the protocol's zero", (text, wanted) => {
    const passed = new RfbClientFilter(ALL, 1_114_112).push(Buffer.concat([delivered(text), key])).forward;
    const length = -passed.readInt32BE(4);
    const body = inflateSync(passed.subarray(12, 8 + length));
    expect([passed.readUInt32BE(8), body.readUInt32BE(0), body.subarray(4).toString()]).toEqual([2 ** 28 + TEXT, Buffer.byteLength(wanted), wanted]);
    expect(passed.subarray(8 + length).toString("hex")).toBe(key.toString("hex"));
  });

  it("leaves a text alone that unpacks to more than the machine takes", () => {
    const message = delivered("x".repeat(2_000_000));
    expect(new RfbClientFilter(ALL, 1_114_112).push(message).forward.equals(message)).toBe(true);
  });

  it("refuses a clipboard of 100 MB as soon as its length is known", () => {
    const head = Buffer.from([6, 0, 0, 0, 0, 0, 0, 0]);
    head.writeUInt32BE(100_000_000, 4);
    expect(() => new RfbClientFilter({ ...ALL, clipboardIn: false }, 1_114_112).push(head)).toThrow(/larger than 1114112/);
  });
});

describe("the console of a desktop", () => {
  let database: TestDatabase;
  let tenant: Tenant;
  let instanceId = "";
  const sessionId = "dse_policy";
  const policy: DesktopPolicy = { desktopSessionId: sessionId, clipboardIn: false, clipboardOut: true, remoteResize: false, idleSeconds: 60 };
  const ticket = async (): Promise<string> => (await issueConsoleTicket(tenant.context, { instanceId, kind: "vnc", userSessionId: tenant.userSessionId }, policy)).path;

  beforeAll(async () => {
    database = await createTestDatabase();
    tenant = await createTenant(database);
    instanceId = await createInstance(database.worker, tenant.organizationId, "simulated://screen-only");
    const { owner } = database;
    await owner.execute(sql`insert into golden_image (id, organization_id, name, created_at, created_by) values ('gim_policy', ${tenant.organizationId}, 'office', now(), 'test')`);
    await owner.execute(sql`insert into golden_version (id, organization_id, golden_image_id, number, image_id, state, created_at, created_by) select 'giv_policy', ${tenant.organizationId}, 'gim_policy', 1, image_id, 'published', now(), 'test' from instance where id = ${instanceId}`);
    await owner.execute(sql`
      insert into desktop_pool (id, organization_id, cluster_id, name, kind, golden_image_id, version_id, flavor_id, maximum, created_at, created_by, updated_at)
      select 'dpl_policy', organization_id, cluster_id, 'office', 'floating', 'gim_policy', 'giv_policy', flavor_id, 1, now(), 'test', now() from instance where id = ${instanceId}`);
    await owner.execute(sql`insert into desktop_session (id, organization_id, pool_id, user_id, given, asked_at, ready_at) values (${sessionId}, ${tenant.organizationId}, 'dpl_policy', ${tenant.userId}, 'running', now(), now())`);
    await owner.update(member).set({ role: "viewer" }).where(eq(member.userId, tenant.userId));
  });
  afterAll(() => database?.close());

  it("is for a viewer to type in, holds the policy, and ends with the session, a ticket that is still good included", async () => {
    const vnc = await startFakeVnc();
    const gateway = await startTestGateway(database, screenOnlyDriver({ port: vnc.port, password: null }));
    const client = new Client(gateway.port, await ticket());
    await client.rfb();
    client.socket.send(Buffer.concat([plainText, resize, key]));
    await expect.poll(() => vnc.input().toString("hex"), { timeout: 60_000 }).toBe(key.toString("hex"));
    const late = await ticket();
    await database.owner.execute(sql`update desktop_session set ended_at = now(), end_reason = 'logged-off' where id = ${sessionId}`);
    expect(await client.end()).toMatchObject({ code: 4403, reason: expect.stringContaining("[ended]") as string });
    expect(await new Client(gateway.port, late).end()).toMatchObject({ code: 4403 });
    await gateway.close();
    await vnc.close();
  });
});
