import { sql } from "drizzle-orm";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Problem } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { admitHold, commitHold, createQuota, previewLimits, readQuota, releaseCommitted, releaseHold, setLimits, settleClaim } from "@/server/quota";
import { createTestDatabase, testContext, type TestDatabase } from "@/tests/support/database";

let database: TestDatabase;
let made = 0;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

async function organizationWith(limits: Record<string, number>): Promise<string> {
  const id = `org_quota_${++made}`;
  const context = testContext(database.worker);
  await database.worker.execute(sql`insert into organization (id, slug, name, created_at) values (${id}, ${id.replaceAll("_", "-")}, ${id}, now())`);
  await inTransaction(context, (tx) => createQuota(tx, context, { organizationId: id, limits }));
  return id;
}

const tenant = (organizationId: string) => testContext(database.app, { scope: "tenant", organizationId, actor: { kind: "user", id: "usr_test" } });

async function refusal(promise: Promise<unknown>): Promise<Problem> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("the claim was admitted");
}

describe("admission", () => {
  it("gives exactly 100 of 200 parallel claims on a limit of 100, through the tenant's role", async () => {
    const organizationId = await organizationWith({ instances: 100, vcpus: 1000 });
    const context = tenant(organizationId);
    const results = await Promise.allSettled(
      Array.from({ length: 200 }, (_, n) =>
        inTransaction(context, (tx) => admitHold(tx, context, { organizationId, subjectId: `ins_${n}`, purpose: "order", amounts: { instances: 1, vcpus: 2 } })),
      ),
    );
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(100);
    for (const result of results) if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "quota-exceeded" });
    const quota = await readQuota(context, organizationId);
    expect(quota.resources.instances).toEqual({ limit: 100, committed: 0, held: 100, left: 0 });
    expect(quota.resources.vcpus).toEqual({ limit: 1000, committed: 0, held: 200, left: 800 });
  });

  it("names every limit that refuses, what is used and what was asked, and changes nothing", async () => {
    const organizationId = await organizationWith({ instances: 5, vcpus: 4, memoryMiB: 1024 });
    const context = tenant(organizationId);
    await inTransaction(context, (tx) => admitHold(tx, context, { organizationId, subjectId: "a", purpose: "order", amounts: { instances: 1, vcpus: 3, memoryMiB: 512 } }));
    await inTransaction(context, (tx) => commitHold(tx, context, { organizationId, subjectId: "a", purpose: "order" }));
    const before = await readQuota(context, organizationId);
    const problem = await refusal(
      inTransaction(context, (tx) => admitHold(tx, context, { organizationId, subjectId: "b", purpose: "order", amounts: { instances: 1, vcpus: 2, memoryMiB: 1024 } })),
    );
    expect(problem.code).toBe("quota-exceeded");
    expect(problem.detail).toEqual({
      resources: [
        { resource: "vcpus", limit: 4, used: 3, asked: 2 },
        { resource: "memoryMiB", limit: 1024, used: 512, asked: 1024 },
      ],
    });
    expect(problem.message).toContain("2 vCPUs asked for, but 3 of 4 are in use");
    expect(await readQuota(context, organizationId)).toEqual(before);
  });

  it("replaces the hold of the same subject and purpose, measured by the difference", async () => {
    const organizationId = await organizationWith({ vcpus: 10 });
    const context = tenant(organizationId);
    const hold = (vcpus: number) => inTransaction(context, (tx) => admitHold(tx, context, { organizationId, subjectId: "a", purpose: "resize", amounts: { vcpus } }));
    await hold(8);
    await hold(10);
    expect((await refusal(hold(11))).detail).toEqual({ resources: [{ resource: "vcpus", limit: 10, used: 10, asked: 11 }] });
    await hold(3);
    expect((await readQuota(context, organizationId)).resources.vcpus.held).toBe(3);
    await hold(0);
    expect((await readQuota(context, organizationId)).resources.vcpus.held).toBe(0);
  });

  it("commits and releases a hold once, however many try", async () => {
    const organizationId = await organizationWith({ vcpus: 10 });
    const context = tenant(organizationId);
    const key = { organizationId, subjectId: "a", purpose: "order" as const };
    await inTransaction(context, (tx) => admitHold(tx, context, { ...key, amounts: { vcpus: 4 } }));
    const ends = await Promise.all(Array.from({ length: 10 }, (_, n) => inTransaction(context, (tx) => (n % 2 === 0 ? commitHold(tx, context, key) : releaseHold(tx, context, key)))));
    expect(ends.filter((end) => end !== null)).toEqual([expect.objectContaining({ vcpus: 4 })]);
    const { held, committed } = (await readQuota(context, organizationId)).resources.vcpus;
    expect(held).toBe(0);
    expect([0, 4]).toContain(committed);
  });

  it("says that an organization without a quota has none", async () => {
    const context = testContext(database.worker);
    expect((await refusal(inTransaction(context, (tx) => admitHold(tx, context, { organizationId: "org_none", subjectId: "a", purpose: "order", amounts: { vcpus: 1 } })))).code).toBe("not-found");
  });

  it("shows a stranger neither the quota nor a way to change it", async () => {
    const organizationId = await organizationWith({ vcpus: 10 });
    const stranger = tenant(await organizationWith({ vcpus: 10 }));
    expect((await refusal(readQuota(stranger, organizationId))).code).toBe("not-found");
    expect((await refusal(inTransaction(stranger, (tx) => admitHold(tx, stranger, { organizationId, subjectId: "a", purpose: "order", amounts: { vcpus: 1 } })))).code).toBe("not-found");
  });
});

describe("limits", () => {
  it("can fall below what is in use: nothing is taken, nothing new is given, and the ceiling follows use down", async () => {
    const organizationId = await organizationWith({ vcpus: 10 });
    const context = testContext(database.worker);
    const key = { organizationId, subjectId: "a", purpose: "order" as const };
    await inTransaction(context, async (tx) => {
      await admitHold(tx, context, { ...key, amounts: { vcpus: 8 } });
      await commitHold(tx, context, key);
    });
    const input = { organizationId, limits: { vcpus: 5 } };
    const effect = [{ resource: "vcpus", limitBefore: 10, limitAfter: 5, used: 8, leftAfter: 0, overBy: 3 }];
    expect(await previewLimits(context, input)).toEqual(effect);
    expect((await readQuota(context, organizationId)).resources.vcpus.limit).toBe(10);
    expect(await setLimits(context, input)).toEqual(effect);
    expect((await readQuota(context, organizationId)).resources.vcpus).toEqual({ limit: 5, committed: 8, held: 0, left: 0 });
    await refusal(inTransaction(context, (tx) => admitHold(tx, context, { organizationId, subjectId: "b", purpose: "order", amounts: { vcpus: 1 } })));

    await inTransaction(context, (tx) => releaseCommitted(tx, context, { organizationId, subjectId: "a", amounts: { vcpus: 2 } }));
    const ceiling = async () => (await database.worker.execute<{ c: string }>(sql`select ceiling_vcpus as c from quota where organization_id = ${organizationId}`)).rows[0]?.c;
    expect(await ceiling()).toBe("6");
    await inTransaction(context, (tx) => releaseCommitted(tx, context, { organizationId, subjectId: "a", amounts: { vcpus: 3 } }));
    expect(await ceiling()).toBe("5");
    const audit = await database.worker.execute(sql`select action from audit_entry where organization_id = ${organizationId}`);
    expect(audit.rows).toEqual([{ action: "quota.limits-set" }]);
  });

  it("are the database's own wall too", async () => {
    const organizationId = await organizationWith({ vcpus: 3 });
    await expect(database.worker.execute(sql`update quota set committed_vcpus = 4 where organization_id = ${organizationId}`)).rejects.toMatchObject({ cause: { constraint: "quota_vcpus" } });
    await expect(database.worker.execute(sql`update quota set held_vcpus = -1 where organization_id = ${organizationId}`)).rejects.toMatchObject({ cause: { constraint: "quota_vcpus" } });
  });
});

/** The same rules in a few lines without a database. */
class Model {
  limit: number;
  readonly holds = new Map<string, number>();
  readonly committed = new Map<string, number>();
  constructor(limit: number) {
    this.limit = limit;
  }
  get held(): number {
    return [...this.holds.values()].reduce((sum, n) => sum + n, 0);
  }
  get total(): number {
    return [...this.committed.values()].reduce((sum, n) => sum + n, 0);
  }
  admit(subject: string, amount: number): boolean {
    const rise = amount - (this.holds.get(subject) ?? 0);
    if (rise > 0 && this.held + this.total + rise > this.limit) return false;
    if (amount === 0) this.holds.delete(subject);
    else this.holds.set(subject, amount);
    return true;
  }
  commit(subject: string): void {
    const amount = this.holds.get(subject);
    if (amount === undefined) return;
    this.holds.delete(subject);
    this.committed.set(subject, (this.committed.get(subject) ?? 0) + amount);
  }
}

describe("any sequence", () => {
  const subject = fc.constantFrom("a", "b", "c");
  const step = fc.oneof(
    fc.record({ verb: fc.constant("admit" as const), subject, amount: fc.nat(8) }),
    fc.record({ verb: fc.constant("commit" as const), subject }),
    fc.record({ verb: fc.constant("release" as const), subject }),
    fc.record({ verb: fc.constant("settle" as const), subject, amount: fc.nat(8) }),
    fc.record({ verb: fc.constant("limit" as const), amount: fc.nat(16) }),
    fc.record({ verb: fc.constant("abandon" as const), subject, amount: fc.nat(8) }),
  );

  it("agrees with a model, and is never negative", async () => {
    const context = testContext(database.worker);
    await fc.assert(
      fc.asyncProperty(fc.nat(16), fc.array(step, { maxLength: 25 }), async (limit, steps) => {
        const organizationId = await organizationWith({ vcpus: limit });
        const model = new Model(limit);
        for (const s of steps) {
          const work = async (): Promise<boolean> => {
            if (s.verb === "limit") {
              await setLimits(context, { organizationId, limits: { vcpus: s.amount } });
              return true;
            }
            const key = { organizationId, subjectId: s.subject, purpose: "order" as const };
            return inTransaction(context, async (tx) => {
              switch (s.verb) {
                case "admit":
                  await admitHold(tx, context, { ...key, amounts: { vcpus: s.amount } });
                  return true;
                case "commit":
                  await commitHold(tx, context, key);
                  return true;
                case "release":
                  await releaseHold(tx, context, key);
                  return true;
                case "settle":
                  await settleClaim(tx, context, {
                    organizationId, subjectId: s.subject, purposes: ["order"],
                    committedBefore: { vcpus: model.committed.get(s.subject) ?? 0 }, committedAfter: { vcpus: s.amount },
                  });
                  return true;
                case "abandon":
                  await admitHold(tx, context, { ...key, amounts: { vcpus: s.amount } });
                  throw new Error("the process died here");
              }
            });
          };
          const happened = await work().catch((error: unknown) => {
            if (error instanceof Problem) expect(error.code).toBe("quota-exceeded");
            return false;
          });
          if (s.verb === "limit") model.limit = s.amount;
          if (s.verb === "admit") expect(happened).toBe(model.admit(s.subject, s.amount));
          if (s.verb === "commit") model.commit(s.subject);
          if (s.verb === "release") model.holds.delete(s.subject);
          if (s.verb === "settle") {
            const rise = s.amount - (model.committed.get(s.subject) ?? 0);
            expect(happened).toBe(rise <= (model.holds.get(s.subject) ?? 0));
            if (happened) {
              model.holds.delete(s.subject);
              model.committed.set(s.subject, s.amount);
            }
          }
          const { vcpus } = (await readQuota(context, organizationId)).resources;
          expect(vcpus).toEqual({ limit: model.limit, committed: model.total, held: model.held, left: Math.max(0, model.limit - model.total - model.held) });
          const holds = await database.worker.execute<{ n: string }>(sql`select coalesce(sum((amounts->>'vcpus')::bigint), 0)::text as n from quota_hold where organization_id = ${organizationId}`);
          expect(Number(holds.rows[0]?.n)).toBe(model.held);
        }
      }),
      { numRuns: 25 },
    );
  });
});
