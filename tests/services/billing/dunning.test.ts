import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compareBooks, extendDunning, grantSlaCredits, listCredits, postLedgerEntry, readDifferences, readDunning } from "@/server/billing";
import { creditBasisPoints } from "@/server/billing/sla";
import { enforceStanding } from "@/server/compute";
import { inTransaction } from "@/server/platform/transaction";
import { setStanding } from "@/server/tenancy";
import { insertInstanceRows } from "../../support/rows";
import { DAY_MS, HOUR_MS, openPayments, type PaymentSetting } from "./payment-setting";

let setting: PaymentSetting;
beforeAll(async () => {
  setting = await openPayments({ seed: 11 });
});
afterAll(() => setting.close());

const mails = async (organizationId: string): Promise<string[]> => {
  const { rows } = await setting.database.owner.execute<{ subject: string }>(sql`select payload->>'subject' as subject from outbox where subject_organization_id = ${organizationId} order by id`);
  return rows.map((row) => row.subject);
};
const dunning = (organizationId: string) => readDunning(setting.context, { organizationId });

/** An organization whose card is declined for an invoice of today. */
async function declined(): Promise<{ organizationId: string; invoiceId: string }> {
  const organizationId = await setting.addOrganization();
  const invoice = await setting.issue(organizationId, 3_000);
  await setting.pushUntilDone();
  await setting.giveCard(organizationId, "4000000000000341");
  await setting.pushUntilDone();
  await setting.settle();
  await setting.pass("dun-organizations");
  return { organizationId, invoiceId: invoice.id };
}

describe("dunning", () => {
  it("reminds, restricts, suspends, retains and deletes by the dates that were told at the beginning", async () => {
    const { organizationId } = await declined();
    const instanceId = await insertInstanceRows(setting.database.owner, { organizationId, instanceId: "ins_dunned", at: setting.clock.now() });
    await setting.database.owner.execute(sql`update instance set quota_instances = 1 where id = ${instanceId}`);
    const told = (await dunning(organizationId))!.dunning;
    expect(told).toMatchObject({ stage: "reminded", reminders: 1 });
    const steps = [[told.restrictAt, "restricted", "restricted"], [told.suspendAt, "suspended", "suspended"], [told.retainAt, "retained", "suspended"], [told.deleteAt, "deleted", "suspended"]] as const;
    for (const [at, stage, standing] of steps) {
      const before = (await dunning(organizationId))!.dunning.stage;
      await setting.clock.advance(at.getTime() - setting.clock.nowMs() - 1_000);
      await setting.pass("dun-organizations");
      expect((await dunning(organizationId))!.dunning.stage).toBe(before);
      await setting.clock.advance(1_000);
      await setting.pass("dun-organizations");
      expect((await dunning(organizationId))!.dunning).toMatchObject({ stage, deleteAt: told.deleteAt });
      expect(await setting.standing(organizationId)).toBe(standing);
    }
    const { rows } = await setting.database.owner.execute<{ deleted: boolean }>(sql`select deleted_at is not null as deleted from instance where id = ${instanceId}`);
    expect(rows).toEqual([{ deleted: true }]);
    const subjects = await mails(organizationId);
    expect(subjects.filter((subject) => subject === "An invoice is unpaid").length).toBeGreaterThanOrEqual(2);
    for (const words of ["Nothing new can be ordered", "Your machines were stopped", "Your data is kept", "Your machines were deleted"]) expect(subjects.filter((subject) => subject.startsWith(words)).length).toBeGreaterThanOrEqual(1);
  });

  it("a payment lifts it at once, in the transaction that notes the payment", async () => {
    const { organizationId, invoiceId } = await declined();
    await setting.clock.advance(15 * DAY_MS);
    await setting.pass("dun-organizations");
    expect(await setting.standing(organizationId)).toBe("suspended");
    await setting.giveCard(organizationId, "4242424242424242");
    await setting.pushUntilDone();
    expect(await setting.invoice(invoiceId)).toEqual({ status: "paid", openMinor: 0 });
    expect(await setting.standing(organizationId)).toBe("good");
    expect(await dunning(organizationId)).toBeNull();
    expect(await mails(organizationId)).toContain("Thank you: nothing is unpaid");
  });

  it("does not lift what an operator set, nor lower it", async () => {
    const { organizationId } = await declined();
    await setStanding(setting.context, { organizationId, standing: "suspended", reason: "abuse" });
    await setting.clock.advance(8 * DAY_MS);
    await setting.pass("dun-organizations");
    expect(await setting.standing(organizationId)).toBe("suspended");
    await setting.giveCard(organizationId, "4242424242424242");
    await setting.pushUntilDone();
    expect(await dunning(organizationId)).toBeNull();
    expect(await setting.standing(organizationId)).toBe("suspended");
  });

  it("an extension moves every date that has not come", async () => {
    const { organizationId } = await declined();
    const before = (await dunning(organizationId))!.dunning;
    await extendDunning(setting.context, { organizationId, days: 10, reason: "a bank holiday" });
    await setting.clock.advance(8 * DAY_MS);
    await setting.pass("dun-organizations");
    expect((await dunning(organizationId))!.dunning).toMatchObject({ stage: "reminded", suspendAt: new Date(before.suspendAt.getTime() + 10 * DAY_MS) });
    await setting.clock.advance(10 * DAY_MS);
    await setting.pass("dun-organizations");
    expect(await setting.standing(organizationId)).toBe("restricted");
  });

  it("an invoice that nobody charges is overdue on its date, and a payment by hand closes the case", async () => {
    const organizationId = await setting.addOrganization();
    const invoice = await setting.issue(organizationId, 1_000, 5 * DAY_MS);
    await setting.clock.advance(4 * DAY_MS);
    await setting.pass("dun-organizations");
    expect(await dunning(organizationId)).toBeNull();
    await setting.clock.advance(DAY_MS);
    await setting.pass("dun-organizations");
    expect((await dunning(organizationId))?.overdue).toMatchObject([{ invoiceId: invoice.id, openMinor: invoice.totalMinor }]);
    await inTransaction(setting.context, (tx) => postLedgerEntry(tx, setting.context, { organizationId, kind: "payment", currency: "JPY", amountMinor: -invoice.totalMinor, invoiceId: invoice.id, reference: "bank transfer", idempotencyKey: `bank:${invoice.id}` }));
    await setting.pass("dun-organizations");
    expect(await dunning(organizationId)).toBeNull();
  });

  it("tells once that the card that pays ends soon", async () => {
    const organizationId = await setting.addOrganization();
    await setting.issue(organizationId, 1_000);
    await setting.pushUntilDone();
    await setting.giveCard(organizationId, "4242424242424242");
    const now = setting.clock.now();
    await setting.database.owner.execute(sql`update payment_method set expires_year = ${now.getUTCFullYear()}, expires_month = ${now.getUTCMonth() + 1} where organization_id = ${organizationId}`);
    for (let passes = 0; passes < 3; passes++) await setting.pass("dun-organizations");
    expect((await mails(organizationId)).filter((subject) => subject === "Your card ends soon")).toHaveLength(1);
  });

  it("stops a suspended organization's machines, and starts them again", async () => {
    const { organizationId } = await declined();
    const instanceId = await insertInstanceRows(setting.database.owner, { organizationId, instanceId: "ins_standing", at: setting.clock.now() });
    await setting.clock.advance(15 * DAY_MS);
    await setting.pass("dun-organizations");
    const power = async () => (await setting.database.owner.execute<{ power: string }>(sql`select desired_power as power from instance where id = ${instanceId}`)).rows[0]!.power;
    await inTransaction(setting.context, (tx) => enforceStanding(tx, setting.context));
    expect(await power()).toBe("stopped");
    await setting.giveCard(organizationId, "4242424242424242");
    await setting.pushUntilDone();
    await inTransaction(setting.context, (tx) => enforceStanding(tx, setting.context));
    expect(await power()).toBe("running");
  });
});

describe("service level", () => {
  it("gives by steps of the month's downtime", () => {
    const month = 30 * DAY_MS;
    const after = (minutes: number): number => creditBasisPoints(minutes * 60_000, month);
    expect([after(0), after(43), after(44), after(432), after(433), after(2_160), after(2_161)]).toEqual([0, 0, 1_000, 1_000, 2_500, 2_500, 10_000]);
  });

  it("an outage of a lost host is credited once with its incident; a stop by the tenant gives none", async () => {
    const { owner } = setting.database;
    const organizationId = await setting.addOrganization();
    const periodStart = new Date(Date.UTC(2026, 8, 1));
    const periodEnd = new Date(Date.UTC(2026, 9, 1));
    const at = (day: number, hours = 0): string => new Date(periodStart.getTime() + day * DAY_MS + hours * HOUR_MS).toISOString();
    const invoiceId = "bil_sla";
    await owner.execute(sql`insert into invoice (id, organization_id, kind, number, currency, period_start, period_end, status, subtotal_minor, tax_minor, total_minor, rounding_micros, issued_at, due_at)
      values (${invoiceId}, ${organizationId}, 'period', 'SLA-1', 'JPY', ${periodStart.toISOString()}, ${periodEnd.toISOString()}, 'issued', 2000, 0, 2000, 0, ${setting.clock.now().toISOString()}, ${at(60)})`);
    for (const name of ["lost", "stopped", "before"]) {
      const instanceId = await insertInstanceRows(owner, { organizationId, instanceId: `ins_${name}`, at: periodStart });
      await owner.execute(sql`insert into invoice_line (id, organization_id, invoice_id, position, kind, key, meter, resource_id, instance_id, description, quantity_unit_ms, amount_micros, window_ids, created_at)
        values (${`bll_${name}`}, ${organizationId}, ${invoiceId}, 1, 'usage', ${name}, 'instance', ${instanceId}, ${instanceId}, '{}', 0, 1000000000, '[]', now())`);
      const window = (id: string, from: string, to: string, reason: string | null) => owner.execute(sql`insert into usage_window (id, organization_id, meter, resource_id, instance_id, quantity, host_id, started_at, ended_at, closed_at, closed_reason, created_at)
        values (${`usw_${name}_${id}`}, ${organizationId}, 'instance', ${instanceId}, ${instanceId}, 1, 'hst_sla', ${from}, ${to}, ${reason === null ? null : to}, ${reason}, now())`);
      const event = (id: string, when: string, kind: string) => owner.execute(sql`insert into instance_event (id, organization_id, instance_id, at, kind) values (${`evt_${name}_${id}`}, ${organizationId}, ${instanceId}, ${when}, ${kind})`);
      await event("o", at(0), "ordered");
      // Lost for twelve hours; lost and stopped by its owner half an hour later; asked to stop before the host was lost.
      if (name === "before") await event("s", at(9, -1), "stop-requested");
      await window("1", at(0), at(9), "host-lost");
      if (name === "stopped") await event("s", at(9, 0.5), "stop-requested");
      if (name === "lost") await window("2", at(9, 12), at(29), "stopped");
    }
    expect(await grantSlaCredits(setting.context)).toBe(1);
    expect(await grantSlaCredits(setting.context)).toBe(0);
    const credits = await listCredits(setting.context, { organizationId });
    // 12 hours of 30 days are 1.67 %: a quarter of the charge of 1,000 yen.
    expect(credits).toMatchObject([{ kind: "sla", amountMicros: 250_000_000, reference: "hst_sla" }]);
    const { rows } = await owner.execute<{ instance_id: string; downtime_ms: string }>(sql`select instance_id, downtime_ms from sla_credit where organization_id = ${organizationId} order by 1`);
    expect(rows.map((row) => [row.instance_id, Number(row.downtime_ms)])).toEqual([["ins_lost", 12 * HOUR_MS], ["ins_stopped", 0.5 * HOUR_MS]]);
    const next = await setting.issue(organizationId, 5_000);
    expect(next.totalMinor).toBeGreaterThan(0);
  });
});

describe("three-way comparison", () => {
  it("names each difference once, and forgets one that is mended", async () => {
    const organizationId = await setting.addOrganization();
    const invoice = await setting.issue(organizationId, 4_000);
    await setting.pushUntilDone();
    await setting.settle();
    await setting.clock.advance(HOUR_MS);
    const mine = async () => (await readDifferences(setting.context)).filter((row) => row.subjectOrganizationId === organizationId || row.subjectId.startsWith("in_")).map((row) => row.name);
    await setting.pass("reconcile-books");
    expect(await mine()).toEqual([]);
    const theirs = Object.values(setting.stripe.vault.state.invoices).find((item) => item.metadata["berth_invoice"] === invoice.id)!;
    theirs.total -= 1;
    theirs.amount_remaining -= 2;
    const stranger = { ...structuredClone(theirs), id: "in_stranger", metadata: { berth_invoice: "bil_nobody", berth_organization: organizationId } };
    setting.stripe.vault.state.invoices["in_stranger"] = stranger;
    await insertInstanceRows(setting.database.owner, { organizationId, instanceId: "ins_unmetered", at: setting.clock.now() });
    await setting.database.owner.execute(sql`update instance_observation set running_since = ${new Date(setting.clock.nowMs() - HOUR_MS).toISOString()} where instance_id = 'ins_unmetered'`);
    await setting.pass("reconcile-books");
    expect((await mine()).toSorted((a, b) => a.localeCompare(b))).toEqual(["invoice-total-differs", "invoice-unknown-here", "open-amount-differs", "running-without-window"]);
    theirs.total += 1;
    theirs.amount_remaining += 2;
    delete setting.stripe.vault.state.invoices["in_stranger"];
    await setting.database.owner.execute(sql`update instance_observation set state = 'stopped' where instance_id = 'ins_unmetered'`);
    await setting.clock.advance(1_000);
    expect(await compareBooks(setting.context, [])).toBeGreaterThan(0);
    await setting.clock.advance(1_000);
    await setting.pass("reconcile-books");
    expect(await mine()).toEqual([]);
  });
});
