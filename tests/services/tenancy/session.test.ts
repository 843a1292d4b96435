import { eq, sql } from "drizzle-orm";
import { verify } from "@node-rs/argon2";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { user } from "@/db/schema/tenancy";
import { VirtualClock } from "@/server/platform/clock";
import type { Context } from "@/server/platform/context";
import { changePassword, ensureUser, listSessions, readSession, revokeOtherSessions, revokeSession, signIn, signOut } from "@/server/tenancy";
import { addressKey } from "@/server/tenancy/session/limit-attempts";
import { createTestDatabase, testContext, type TestDatabase } from "../../support/database";

/** Files share loaded modules: these are loaded anew, and again after this file. */
vi.hoisted(() => vi.resetModules());
afterAll(() => {
  vi.doUnmock("@node-rs/argon2");
  vi.resetModules();
});

/** The real thing, watched. */
vi.mock("@node-rs/argon2", async (original) => {
  const real = await original<typeof import("@node-rs/argon2")>();
  return { ...real, verify: vi.fn(real.verify) };
});

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const PASSWORD = "correct horse battery staple";
const identity = (overrides: Partial<Context> = {}): Context => testContext(database.app, { scope: "identity", ...overrides });
const acting = (userId: string, overrides: Partial<Context> = {}): Context => identity({ actor: { kind: "user", id: userId }, ...overrides });
let counter = 0;
/** An address of mail and an IP address of its own for each test, so that their counts do not meet. */
async function person(): Promise<{ id: string; email: string; ip: string }> {
  counter += 1;
  const email = `p${counter}@session.test`;
  const { id } = await ensureUser(identity(), { email, name: `P ${counter}`, password: PASSWORD });
  return { id, email, ip: `192.0.2.${counter}` };
}
const enter = (who: { email: string; ip: string }, password = PASSWORD, context = identity()) => signIn(context, { email: who.email, password }, { ip: who.ip, userAgent: "Test\u0000 browser" });
const code = (work: Promise<unknown>) => work.then(() => "ok", (error: unknown) => (error as { code?: string }).code ?? String(error));

describe("signing in", () => {
  it("opens a session that says who, and leaves a trail", async () => {
    const who = await person();
    const claims = await enter(who);
    expect(claims.userId).toBe(who.id);
    expect(await readSession(identity(), claims)).toMatchObject({ id: claims.sid, user: { id: who.id, email: who.email, operatorRole: null }, memberships: [] });
    const { rows } = await database.owner.execute<{ action: string; actor_id: string; after: unknown }>(sql`select action, actor_id, after from audit_entry where target_id = ${claims.sid}`);
    expect(rows).toEqual([{ action: "session.opened", actor_id: who.id, after: { userId: who.id, ipAddress: who.ip, userAgent: "Test browser" } }]);
  });

  it("keeps argon2id and no password", async () => {
    const who = await person();
    const [row] = await database.owner.select({ hash: user.passwordHash }).from(user).where(eq(user.id, who.id));
    expect(row!.hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it("gives one answer to a wrong password, nobody's address, a disabled person and one without a password", async () => {
    const known = await person();
    const disabled = await person();
    await database.owner.update(user).set({ disabledAt: new Date() }).where(eq(user.id, disabled.id));
    const without = await person();
    await database.owner.update(user).set({ passwordHash: null }).where(eq(user.id, without.id));
    const answers: string[] = [];
    for (const [who, password] of [[known, "wrong"], [{ email: "nobody@session.test", ip: "192.0.2.200" }, PASSWORD], [disabled, PASSWORD], [without, PASSWORD]] as const) {
      answers.push(await enter(who, password).then(() => "signed in", (error: unknown) => JSON.stringify({ code: (error as { code: string }).code, message: (error as Error).message, detail: (error as { detail: unknown }).detail })));
    }
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain("unauthenticated");
  });

  it("does the same work for nobody as for somebody: one comparison each", async () => {
    const known = await person();
    for (const email of [known.email, "nobody-at-all@session.test"]) {
      vi.mocked(verify).mockClear();
      expect(await code(signIn(identity(), { email, password: "wrong" }, { ip: "198.51.100.1", userAgent: null }))).toBe("unauthenticated");
      expect(verify).toHaveBeenCalledTimes(1);
      expect(vi.mocked(verify).mock.calls[0]![0]).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    }
  });
});

describe("the count of attempts", () => {
  it("lets ten wrong passwords of one account through in a quarter of an hour, however many come at once, and then not even the right one", async () => {
    const who = await person();
    const answers = await Promise.all(Array.from({ length: 25 }, (_, n) => code(signIn(identity(), { email: who.email, password: "wrong" }, { ip: `203.0.113.${n}`, userAgent: null }))));
    expect(answers.filter((answer) => answer === "unauthenticated")).toHaveLength(10);
    expect(answers.filter((answer) => answer === "rate-limited")).toHaveLength(15);
    expect(await code(enter(who))).toBe("rate-limited");
    await expect(enter(who)).rejects.toMatchObject({ detail: { retryAfterSeconds: expect.any(Number) } });
  });

  it("counts one address of the network over all accounts", async () => {
    const answers: string[] = [];
    for (let n = 0; n < 62; n++) answers.push(await code(signIn(identity(), { email: `guess-${n}@session.test`, password: "x" }, { ip: "2001:db8:1:2::" + (n + 1).toString(16), userAgent: null })));
    expect(answers.slice(0, 60).every((answer) => answer === "unauthenticated")).toBe(true);
    expect(answers.slice(60)).toEqual(["rate-limited", "rate-limited"]);
  });

  it("forgets an account's wrong tries after the right one", async () => {
    const who = await person();
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 6; n++) expect(await code(enter(who, "wrong"))).toBe("unauthenticated");
      expect(await code(enter(who))).toBe("ok");
    }
  });

  it("takes an IPv6 /64 for one caller, and an IPv4 address inside IPv6 for itself", () => {
    expect(addressKey("2001:db8:1:2:3:4:5:6")).toBe(addressKey("2001:db8:1:2::1"));
    expect(addressKey("2001:db8:1:3::1")).not.toBe(addressKey("2001:db8:1:2::1"));
    expect(addressKey("::ffff:192.0.2.1")).toBe(addressKey("192.0.2.1"));
    expect(addressKey("no address")).toBe(addressKey(null));
  });
});

describe("a session", () => {
  it("is over at once when revoked; somebody else's cannot be", async () => {
    const [who, other] = [await person(), await person()];
    const [one, two] = [await enter(who), await enter(who)];
    expect(await code(revokeSession(acting(other.id), one.sid))).toBe("not-found");
    expect(await readSession(identity(), one)).not.toBeNull();
    await revokeSession(acting(who.id), one.sid);
    expect(await readSession(identity(), one)).toBeNull();
    expect(await readSession(identity(), two)).not.toBeNull();
    expect(await code(revokeSession(acting(who.id), one.sid))).toBe("not-found");
    expect(await code(signOut(acting(who.id), one.sid))).toBe("ok");
  });

  it("is worth nothing with another person's id, a made-up id, or for a disabled person", async () => {
    const [who, other] = [await person(), await person()];
    const claims = await enter(who);
    expect(await readSession(identity(), { ...claims, userId: other.id })).toBeNull();
    expect(await readSession(identity(), { ...claims, sid: "uss_00000000000000000000000000" })).toBeNull();
    await database.owner.update(user).set({ disabledAt: new Date() }).where(eq(user.id, who.id));
    expect(await readSession(identity(), claims)).toBeNull();
  });

  it("ends after a week without use and after a month with use; use is written once a minute", async () => {
    const who = await person();
    const clock = new VirtualClock(Date.now());
    const at = (): Context => identity({ clock });
    const idle = await enter(who, PASSWORD, at());
    const used = await enter(who, PASSWORD, at());
    const lastSeen = async (): Promise<number> => {
      const { rows } = await database.owner.execute<{ at: Date }>(sql`select last_seen_at as at from user_session where id = ${used.sid}`);
      return new Date(rows[0]!.at).getTime();
    };
    const start = await lastSeen();
    await clock.advance(30_000);
    await readSession(at(), used);
    expect(await lastSeen()).toBe(start);
    await clock.advance(31_000);
    await readSession(at(), used);
    expect(await lastSeen()).toBe(start + 61_000);

    await clock.advance(6 * 86_400_000);
    expect(await readSession(at(), used)).not.toBeNull();
    await clock.advance(86_400_000);
    expect(await readSession(at(), idle)).toBeNull();
    for (let day = 7; day < 29; day += 3) {
      await clock.advance(3 * 86_400_000);
      await readSession(at(), used);
    }
    expect(await readSession(at(), used)).toBeNull();
  });

  it("is listed for its owner, and ended everywhere else on demand", async () => {
    const who = await person();
    const [one, two, three] = [await enter(who), await enter(who), await enter(who)];
    const listed = await listSessions(acting(who.id), two.sid);
    expect(listed.map((session) => session.id).toSorted()).toEqual([one.sid, two.sid, three.sid].toSorted());
    expect(listed.filter((session) => session.current).map((session) => session.id)).toEqual([two.sid]);
    expect(await revokeOtherSessions(acting(who.id), two.sid)).toBe(2);
    expect((await listSessions(acting(who.id), two.sid)).map((session) => session.id)).toEqual([two.sid]);
    expect(await readSession(identity(), one)).toBeNull();
  });
});

describe("a change of the password", () => {
  it("needs the old one, ends all other sessions, and lets the new one in", async () => {
    const who = await person();
    const [here, elsewhere] = [await enter(who), await enter(who)];
    const context = acting(who.id);
    expect(await code(changePassword(context, { currentPassword: "wrong", newPassword: "a new password of words" }, here.sid, who.ip))).toBe("bad-input");
    expect(await changePassword(context, { currentPassword: PASSWORD, newPassword: "a new password of words" }, here.sid, who.ip)).toEqual({ revokedSessions: 1 });
    expect(await readSession(identity(), here)).not.toBeNull();
    expect(await readSession(identity(), elsewhere)).toBeNull();
    expect(await code(enter(who))).toBe("unauthenticated");
    expect(await code(enter(who, "a new password of words"))).toBe("ok");
  });

  it("happens once when two ask at the same time", async () => {
    const who = await person();
    const here = await enter(who);
    const answers = await Promise.all(["first of two passwords", "second of two passwords"].map((newPassword) => code(changePassword(acting(who.id), { currentPassword: PASSWORD, newPassword }, here.sid, who.ip))));
    // Who comes a moment later meets the change itself; who comes after it has the wrong password by then.
    expect(answers.filter((answer) => answer === "ok")).toHaveLength(1);
    expect(["conflict", "bad-input"]).toContain(answers.find((answer) => answer !== "ok"));
  });
});
