import { eq, sql } from "drizzle-orm";
import { afterAll, beforeEach, beforeAll, describe, expect, it } from "vitest";
import { consoleTicket } from "@/db/schema/console";
import { outbox } from "@/db/schema/loops";
import { idempotencyKey, organization, rateLimit, user, userSession } from "@/db/schema/tenancy";
import type { MailDriver, MailMessage } from "@/server/drivers/mail/types";
import { VirtualClock } from "@/server/platform/clock";
import { acquireLease, LeaseLost } from "@/server/platform/lease";
import { leasedDatabase } from "@/server/platform/leased-database";
import { writeOutbox } from "@/server/platform/outbox";
import { inTransaction } from "@/server/platform/transaction";
import { Machines, type Pass } from "@/server/reconcilers";
import { expireRecordsLoop, sendOutboxLoop } from "@/server/reconcilers/send-outbox";
import { createTestDatabase, testContext, type TestDatabase } from "../support/database";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());
beforeEach(() => database.owner.delete(outbox));

const START = Date.UTC(2031, 0, 1);
const HOUR_MS = 3_600_000;

function passOf(context: Pass["context"], signal = new AbortController().signal): Pass {
  return { context, signal, machines: new Machines({ hypervisors: [], powers: [] }), seedImage: () => new Uint8Array(), background: () => false, busy: () => false, wake: () => undefined };
}

/** A receiver as a mail server with deduplication is one: what it took, by id, and how often it was told. */
function receiver(fails: (message: MailMessage, times: number) => boolean = () => false): MailDriver & { readonly taken: Map<string, MailMessage>; readonly told: string[] } {
  const taken = new Map<string, MailMessage>();
  const told: string[] = [];
  return {
    kind: "log", taken, told,
    send: (message) => {
      told.push(message.id);
      if (fails(message, told.filter((id) => id === message.id).length)) return Promise.reject(new Error("the mail server is busy"));
      taken.set(message.id, message);
      return Promise.resolve();
    },
  };
}

async function post(context: Pass["context"], ...subjects: string[]): Promise<void> {
  await inTransaction(context, async (tx) => {
    for (const subject of subjects) await writeOutbox(tx, context, { topic: "mail", payload: { to: "a@example.test", subject, text: "." } });
  });
}

describe("messages of the outbox", () => {
  it("go out once, in their order; one that is refused is tried again later and keeps nobody waiting", async () => {
    const clock = new VirtualClock(START);
    const context = testContext(database.worker, { clock });
    for (const subject of ["one", "two", "three"]) {
      await post(context, subject);
      await clock.advance(1);
    }
    const mail = receiver((message, times) => message.subject === "two" && times < 3);
    const loop = sendOutboxLoop(mail);
    expect((await loop.pass(passOf(context))).backlog).toBe(1);
    expect([...mail.taken.values()].map(({ subject }) => subject)).toEqual(["one", "three"]);
    // Not before its pause is over; the pauses grow.
    await loop.pass(passOf(context));
    expect(mail.told).toHaveLength(3);
    await clock.advance(2_000);
    await loop.pass(passOf(context));
    await clock.advance(2_000);
    await loop.pass(passOf(context));
    expect(mail.told).toHaveLength(4);
    await clock.advance(2_000);
    await loop.pass(passOf(context));
    await clock.advance(HOUR_MS);
    await loop.pass(passOf(context));
    expect(mail.told).toHaveLength(5);
    expect(new Set(mail.told.slice(3)).size).toBe(1);
    const rows = await database.owner.select({ attempts: outbox.attempts, sentAt: outbox.sentAt, lastError: outbox.lastError }).from(outbox).orderBy(outbox.id);
    expect(rows.map(({ attempts }) => attempts)).toEqual([1, 3, 1]);
    expect(rows.every(({ sentAt, lastError }) => sentAt !== null && lastError === null)).toBe(true);
  });

  it("go out again under the same id when the worker was gone between sending and writing it down", async () => {
    const context = testContext(database.worker);
    await post(context, "receipt");
    const lease = await acquireLease(database.worker, "outbox-test", "doomed", 60_000);
    if (!lease) throw new Error("no lease");
    const mail = receiver();
    // It was taken, and at that moment the loop passed on to somebody else.
    const deadly: MailDriver = {
      kind: "log",
      send: async (message) => {
        await mail.send(message);
        await database.owner.execute(sql`update loop_lease set expires_at = now() - interval '1 second' where name = 'outbox-test'`);
        await acquireLease(database.worker, "outbox-test", "heir", 60_000);
      },
    };
    await expect(sendOutboxLoop(deadly).pass(passOf({ ...context, db: leasedDatabase(database.worker, () => lease) }))).rejects.toBeInstanceOf(LeaseLost);
    expect(await database.owner.select({ sentAt: outbox.sentAt }).from(outbox)).toEqual([{ sentAt: null }]);
    await sendOutboxLoop(mail).pass(passOf(context));
    await sendOutboxLoop(mail).pass(passOf(context));
    expect(mail.told).toHaveLength(2);
    expect(mail.taken.size).toBe(1);
  });

  it("wait when the worker stops", async () => {
    const context = testContext(database.worker);
    await post(context, "a", "b");
    const mail = receiver();
    await sendOutboxLoop(mail).pass(passOf(context, AbortSignal.abort()));
    expect(mail.told).toEqual([]);
  });
});

describe("records that have done their work", () => {
  it("go when their time is over, and not before; what is not sent stays", async () => {
    const clock = new VirtualClock(START);
    const context = testContext(database.worker, { clock });
    const at = (hours: number): Date => new Date(START + hours * HOUR_MS);
    const db = database.owner;
    await db.insert(organization).values({ id: "org_e", slug: "e", name: "E", createdAt: at(0) });
    await db.insert(user).values({ id: "usr_e", email: "e@example.test", name: "E", createdAt: at(0) });
    const age = ["old", "new"] as const;
    const before = (hours: number, which: (typeof age)[number]): Date => at(-hours + (which === "old" ? -1 : 1) / 60);
    for (const which of age) {
      await db.insert(consoleTicket).values({ id: `tck_${which}`, organizationId: "org_e", instanceId: "ins_e", userId: "usr_e", kind: "vnc", createdAt: at(-9), expiresAt: before(1, which) });
      await db.insert(idempotencyKey).values({ organizationId: "org_e", key: which, action: "x", inputHash: "h", targetId: "t", createdAt: before(24, which) });
      await db.insert(rateLimit).values({ key: which, points: 1, expire: before(0, which).getTime() });
      await db.insert(userSession).values([
        { id: `ses_over_${which}`, userId: "usr_e", createdAt: at(-2_000), lastSeenAt: at(-2_000), expiresAt: before(30 * 24, which) },
        { id: `ses_revoked_${which}`, userId: "usr_e", createdAt: at(-2_000), lastSeenAt: at(-2_000), expiresAt: at(2_000), revokedAt: before(30 * 24, which) },
      ]);
      await db.insert(outbox).values({ id: `out_sent_${which}`, topic: "mail", payload: {}, createdAt: at(-2_000), notBefore: at(-2_000), sentAt: before(7 * 24, which) });
    }
    await db.insert(outbox).values({ id: "out_open", topic: "mail", payload: {}, createdAt: at(-9_000), notBefore: at(-9_000), attempts: 40 });
    await expireRecordsLoop.pass(passOf(context));
    await expireRecordsLoop.pass(passOf(context));
    const kept = async (query: string): Promise<unknown[]> => (await db.execute<{ k: string }>(sql.raw(query))).rows.map(({ k }) => k);
    expect(await kept("select id as k from console_ticket")).toEqual(["tck_new"]);
    expect(await kept("select key as k from idempotency_key")).toEqual(["new"]);
    expect(await kept("select key as k from rate_limit where key in ('old', 'new')")).toEqual(["new"]);
    expect(await kept("select id as k from user_session order by id")).toEqual(["ses_over_new", "ses_revoked_new"]);
    expect(await kept("select id as k from outbox order by id")).toEqual(["out_open", "out_sent_new"]);
    expect(await db.select({ sentAt: outbox.sentAt }).from(outbox).where(eq(outbox.id, "out_open"))).toEqual([{ sentAt: null }]);
  });
});
