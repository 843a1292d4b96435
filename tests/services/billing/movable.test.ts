import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { listInvoicesIn, readInvoice } from "@/server/billing";
import { addPriceVersion } from "@/server/catalog";
import { createInstance, setConsent, stopInstance } from "@/server/compute";
import { previewConsent } from "@/server/fleet";
import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { createTestDatabase } from "../../support/database";
import { LifeCentre } from "../../support/life/centre";

const HOUR_MS = 3_600_000;
const MICROS_PER_HOUR = 3_600_000;
const DISCOUNT_BASIS_POINTS = 1_500;

let centre: LifeCentre;
let tenant: Context & { readonly organizationId: string };
beforeAll(async () => {
  centre = new LifeCentre(await createTestDatabase(), 11, Date.UTC(2026, 4, 1), { hosts: ["h1"] });
  await centre.furnish();
  tenant = await centre.addOrganization("org_movable");
  await addPriceVersion(centre.provider, { currency: "JPY", validFrom: new Date(centre.clock.nowMs() + 1_000), meter: "instance", flavorId: centre.flavorIds.get(1)!, microsPerHour: MICROS_PER_HOUR, movableDiscountBasisPoints: DISCOUNT_BASIS_POINTS });
  for (const meter of ["storage", "address"] as const) await addPriceVersion(centre.provider, { currency: "JPY", validFrom: new Date(centre.clock.nowMs() + 1_000), meter, microsPerHour: 1_000 });
  await centre.clock.advance(5_000);
}, 240_000);
afterAll(async () => {
  await centre.close();
  await centre.database.close();
});

/** So long passes, and the hosts are looked at every hour of it, and at its end. */
async function live(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= HOUR_MS) {
    await centre.clock.advance(Math.min(left, HOUR_MS));
    await centre.settle();
    await centre.cycle();
  }
}

it("whoever agrees to be moved pays less for exactly the seconds for which that held, and finds it on the invoice", async () => {
  const { id } = await createInstance(tenant, { name: "agrees", flavorId: centre.flavorIds.get(1)!, imageId: centre.imageId });
  const consent = (movableForDiscount: boolean) => setConsent(tenant, { instanceId: id, timeZone: "UTC", notDuring: [], noticeMinutes: 0, movableForDiscount });
  const rows = async () => (await centre.database.owner.execute<{ movable: boolean; from: number; to: number; closed: string | null }>(sql`
    select movable, (extract(epoch from started_at) * 1000)::float8 as "from", (extract(epoch from ended_at) * 1000)::float8 as "to", closed_reason as closed from usage_window where resource_id = ${id} and meter = 'instance' order by started_at`)).rows;
  for (let tries = 0; tries < 20 && (await rows()).length === 0; tries++) await live(3_000);
  // The screen names the part and what it comes to before anything is agreed to.
  expect((await previewConsent(tenant, { instanceId: id, timeZone: "UTC", notDuring: [], noticeMinutes: 0, movableForDiscount: true })).discount).toMatchObject({ fraction: 0.15, microsPerHour: MICROS_PER_HOUR * 0.15 });
  await live(2 * HOUR_MS);
  await consent(true);
  await live(5 * HOUR_MS);
  await consent(false);
  await live(HOUR_MS);
  await stopInstance(tenant, { instanceId: id, force: true });
  for (let tries = 0; tries < 20 && (await rows()).at(-1)!.closed === null; tries++) await live(5_000);

  const windows = await rows();
  expect(windows.map((one) => [one.movable, one.closed])).toEqual([[false, "consent"], [true, "consent"], [false, "stopped"]]);
  // Each begins where the one before ended: no second is in two of them or in none, and together they are the run as it really was.
  for (const [index, window] of windows.slice(1).entries()) expect(window.from).toBe(windows[index]!.to);
  const [run] = centre.world.runs().filter((one) => one.instanceId === id);
  expect(windows[0]!.from).toBe(run!.startMs);
  const usedMs = windows.at(-1)!.to - windows[0]!.from;
  expect(Math.abs(usedMs - (run!.endMs! - run!.startMs))).toBeLessThanOrEqual(1_000);
  const movableMs = windows[1]!.to - windows[1]!.from;
  expect(movableMs).toBe(5 * HOUR_MS);

  await centre.clock.advance(Date.UTC(2026, 5, 2) - centre.clock.nowMs());
  await centre.cycle();
  for (let pass = 0; pass < 3; pass++) await centre.pass("issue-invoices");
  const [invoice] = await inTransaction(centre.context, (tx) => listInvoicesIn(tx, { organizationId: tenant.organizationId }), { readOnly: true });
  const { lines } = await readInvoice(tenant, { organizationId: tenant.organizationId, invoiceId: invoice!.id });
  const mine = lines.filter((line) => line.resourceId === id && line.meter === "instance");
  const line = (kind: string) => mine.find((one) => one.kind === kind);
  expect(Number(line("usage")!.amountMicros)).toBe(usedMs);
  expect(Number(line("movable-discount")!.amountMicros)).toBe(-movableMs * (DISCOUNT_BASIS_POINTS / 10_000));
  expect(mine.map((one) => one.kind).toSorted()).toEqual(["movable-discount", "usage"]);
}, 240_000);
