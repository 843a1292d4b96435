import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eq } from "drizzle-orm";
import { outbox } from "@/db/schema/loops";
import { createOrganization, inviteMember, inviteOwner, readInvitation } from "@/server/tenancy";
import { invitationMail } from "@/server/tenancy/invitation/write-invitation-mail";
import { dueMessages, noteDelivery } from "@/server/platform/outbox";
import { inTransaction } from "@/server/platform/transaction";
import { createTestDatabase, testContext, type TestDatabase } from "../../support/database";
import { createWorld, type World } from "../../support/world";

const FACTS = { inviterName: "Aoi\nTanaka", organizationName: "Acme Trading", role: "operator", expiresAt: new Date("2026-12-01T10:00:00Z"), url: "https://portal.test/invitations/secret" } as const;

describe("the letter of an invitation", () => {
  let database: TestDatabase;
  let world: World;
  beforeAll(async () => {
    database = await createTestDatabase();
    world = await createWorld(database);
  });
  afterAll(() => database?.close());

  it("says in both languages who invites, to what, with which role, and until when", () => {
    const english = invitationMail({ ...FACTS, locale: "en" });
    expect(english.subject).toBe("Invitation to Acme Trading");
    expect(english.text).toContain("Aoi Tanaka invites you to the organization Acme Trading on Berth, with the role operator.");
    expect(english.text).toContain("1 December 2026");
    const japanese = invitationMail({ ...FACTS, locale: "ja" });
    expect(japanese.subject).toBe("Acme Trading への招待");
    expect(japanese.text).toContain("2026年12月1日");
    for (const { text } of [english, japanese]) expect(text.split("\n")).toContain(FACTS.url);
  });

  it("is left in the outbox with the invitation, and its secret goes with its delivery", async () => {
    const { acme } = world;
    const context = testContext(database.app, { scope: "tenant", organizationId: acme.id, actor: { kind: "user", id: acme.people.admin.id } });
    await inviteMember(context, { email: "by-hand@world.test", role: "viewer" });
    const { token } = await inviteMember(context, { email: "by-mail@world.test", role: "viewer" }, { portalUrl: "https://portal.test", locale: "ja", inviterName: "Aoi" });
    const worker = testContext(database.worker);
    const due = await inTransaction(worker, (tx) => dueMessages(tx, worker));
    expect(due.map((message) => [message.topic, message.payload["to"]])).toEqual([["mail", "by-mail@world.test"]]);
    expect(due[0]!.payload["text"]).toContain(`https://portal.test/invitations/${token}`);
    expect(await readInvitation(testContext(database.app, { scope: "identity" }), token)).toMatchObject({ email: "by-mail@world.test" });
    await inTransaction(worker, (tx) => noteDelivery(tx, worker, due[0]!, null));
    const [row] = await database.owner.select().from(outbox).where(eq(outbox.id, due[0]!.id));
    expect(JSON.stringify(row)).not.toContain(token);
    expect(row?.sentAt).not.toBeNull();
  });

  it("reaches the first owner of a new organization too, all or nothing", async () => {
    const provider = testContext(database.app, { scope: "provider", actor: { kind: "operator", id: world.staff.support.id } });
    const letter = { portalUrl: "https://portal.test", locale: "en", inviterName: "Staff" } as const;
    const found = (slug: string, fails: boolean) =>
      inTransaction(provider, async (tx) => {
        const { id } = await createOrganization(tx, provider, { name: "New Ltd", slug, currency: "JPY", timeZone: "Asia/Tokyo" });
        await inviteOwner(tx, provider, id, `${slug}@new.test`, letter);
        if (fails) throw new Error("and then something else failed");
      });
    await found("new-ltd", false);
    await expect(found("lost-ltd", true)).rejects.toThrow("something else");
    const to = (await database.owner.select({ payload: outbox.payload }).from(outbox)).map(({ payload }) => payload["to"]);
    expect(to).toContain("new-ltd@new.test");
    expect(to).not.toContain("lost-ltd@new.test");
  });
});
