import { sql } from "drizzle-orm";
import { draftInvoice, readEvidence, verifyEvidence } from "@/server/billing";
import { FLAVORS, type LifeCentre } from "./centre";
import type { HeldThing, People } from "./people";
import { truthOf, volumesOf, within } from "./truth";

export interface LifeFinding {
  readonly seed: number;
  readonly what: string;
}

/** One stretch that is billed or was withdrawn, as the database has it. */
interface Billed extends Record<string, unknown> {
  readonly organization_id: string;
  readonly meter: string;
  readonly resource_id: string;
  readonly flavor_id: string | null;
  readonly quantity: number;
  readonly from_ms: number;
  readonly to_ms: number;
}

interface Price extends Record<string, unknown> {
  readonly meter: string;
  readonly flavor_id: string | null;
  readonly micros_per_hour: number;
  readonly from_ms: number;
}

const HOUR_MS = 3_600_000n;

/** Everything of a batch that does not agree with how it really was. */
export async function judge(centre: LifeCentre, people: readonly People[], storm: boolean): Promise<LifeFinding[]> {
  const { owner } = centre.database;
  const billed = (await owner.execute<Billed>(sql`
    select organization_id, meter, resource_id, flavor_id, quantity::float8 as quantity, (extract(epoch from started_at) * 1000)::float8 as from_ms, (extract(epoch from ended_at) * 1000)::float8 as to_ms from (
      select organization_id, meter, resource_id, flavor_id, quantity, started_at, ended_at from usage_window
      union all select organization_id, meter, resource_id, flavor_id, quantity, started_at, ended_at from usage_adjustment where direction = 'add') u order by started_at`)).rows;
  const volumes = (await owner.execute<{ id: string; name: string; kind: string; organization_id: string; size_gib: number }>(sql`select id, name, kind, organization_id, size_gib from volume`)).rows;
  const prices = (await owner.execute<Price>(sql`select meter, flavor_id, micros_per_hour::float8 as micros_per_hour, (extract(epoch from valid_from) * 1000)::float8 as from_ms from price_version where currency = 'JPY' order by valid_from`)).rows;
  const invoices = (await owner.execute<{ id: string; organization_id: string; subtotal_minor: string; tax_minor: string; total_minor: string; rounding_micros: string; status: string; from_ms: number; lines: string; many: number }>(sql`
    select i.id, i.organization_id, i.subtotal_minor, i.tax_minor, i.total_minor, i.rounding_micros, i.status, (extract(epoch from i.period_start) * 1000)::float8 as from_ms, coalesce(sum(l.amount_micros), 0)::text as lines, count(l.id)::int as many from invoice i left join invoice_line l on l.invoice_id = i.id group by i.id`)).rows;
  const open = (await owner.execute<{ organization_id: string; what: string }>(sql`
    select organization_id, 'an open window ' || id as what from usage_window where closed_at is null union all select organization_id, 'a period not billed from ' || started_at from usage_period where billed_at is null
    union all select organization_id, 'use of a closed period that no invoice has: ' || id from usage_adjustment where invoice_id is null
    union all select organization_id, 'two windows at once: ' || resource_id from usage_window group by organization_id, meter, resource_id having count(*) filter (where closed_at is null) > 1`)).rows;
  const findings: LifeFinding[] = [];
  const endMs = centre.clock.nowMs();
  const disks = volumesOf(centre.effects, endMs);
  for (const one of people) {
    const { organizationId } = one.tenant;
    const say = (what: string): void => void findings.push({ seed: one.seed, what });
    const own = billed.filter((row) => row.organization_id === organizationId);
    const sum = (rows: readonly Billed[]): number => rows.reduce((total, row) => total + row.to_ms - row.from_ms, 0);
    for (const row of open.filter((entry) => entry.organization_id === organizationId)) say(row.what);
    for (const instanceId of one.instanceIds) {
      const truth = truthOf(instanceId, centre.world.runs(), centre.words, centre.effects);
      const mine = own.filter((row) => row.meter === "instance" && row.resource_id === instanceId);
      const dueMs = within(truth.due, 0, Infinity);
      const wrong = FLAVORS.filter((flavor) => sum(mine.filter((row) => row.flavor_id === centre.flavorIds.get(flavor.vcpus))) !== within(truth.due.filter((part) => part.vcpus === flavor.vcpus), 0, Infinity));
      const excuse = (truth.lateSizes && sum(mine) === dueMs) || (truth.unsureMs > 0 && sum(mine) >= dueMs - truth.unsureMs && sum(mine) <= dueMs + truth.unsureMs);
      if (wrong.length > 0 && !excuse) {
        say(`${instanceId}: billed ${FLAVORS.map((flavor) => `${sum(mine.filter((row) => row.flavor_id === centre.flavorIds.get(flavor.vcpus))) / 1000} s ${flavor.name}`).join(", ")}; due ${FLAVORS.map((flavor) => within(truth.due.filter((part) => part.vcpus === flavor.vcpus), 0, Infinity) / 1000).join(", ")} s (unsure ${truth.unsureMs / 1000} s)`);
        if (process.env["LIFE_DUMP"]) await dump(centre, instanceId);
      }
      if (sum(mine) > truth.ranMs + truth.unsureMs) say(`${instanceId}: billed ${sum(mine) / 1000} s and executed ${truth.ranMs / 1000} s`);
      if (!storm && sum(mine) !== truth.ranMs) say(`${instanceId}: everything was heard, billed ${sum(mine) / 1000} s and executed ${truth.ranMs / 1000} s`);
    }
    for (const volume of volumes.filter((row) => row.organization_id === organizationId && row.kind !== "seed")) {
      const real = disks.get(volume.name);
      const ms = sum(own.filter((row) => row.meter === "storage" && row.resource_id === volume.id));
      const due = real ? real.toMs - real.fromMs : 0;
      if (Math.abs(ms - due) > (real?.unsureMs ?? 0)) say(`${volume.kind} ${volume.name}: billed ${ms / 1000} s, stood ${due / 1000} s`);
    }
    for (const thing of one.held) heldAsReally(thing, own, endMs, say);
    judgeMoney({ own, prices, invoices: invoices.filter((row) => row.organization_id === organizationId), say });
    for (const invoice of invoices.filter((row) => row.organization_id === organizationId && row.status !== "void")) {
      const evidence = verifyEvidence(await readEvidence(centre.context, { organizationId, invoiceId: invoice.id }));
      if (!evidence.ok) say(`the evidence of ${invoice.id}: ${evidence.reason}`);
      const again = await draftInvoice(centre.context, { organizationId, at: new Date(invoice.from_ms) });
      if (again.totalMinor !== Number(invoice.total_minor)) say(`rated again ${invoice.id} comes to ${again.totalMinor}, not to ${invoice.total_minor}`);
    }
  }
  return findings;
}

function heldAsReally(thing: HeldThing, own: readonly Billed[], endMs: number, say: (what: string) => void): void {
  const ms = own.filter((row) => row.meter === thing.meter && row.resource_id === thing.resourceId).reduce((total, row) => total + row.to_ms - row.from_ms, 0);
  const due = (thing.untilMs ?? endMs) - thing.sinceMs;
  if (ms !== due) say(`${thing.meter} ${thing.resourceId}: billed ${ms / 1000} s, had ${due / 1000} s`);
}

/** Time by price, counted here anew with whole numbers, against what the invoices say; and the sums of the invoices themselves. */
function judgeMoney(input: { readonly own: readonly Billed[]; readonly prices: readonly Price[]; readonly invoices: readonly { readonly id: string; readonly status: string; readonly subtotal_minor: string; readonly tax_minor: string; readonly total_minor: string; readonly rounding_micros: string; readonly lines: string; readonly many: number }[]; readonly say: (what: string) => void }): void {
  let dueMicrosByHour = 0n;
  for (const row of input.own) {
    const book = input.prices.filter((price) => price.meter === row.meter && (row.meter !== "instance" || price.flavor_id === row.flavor_id));
    for (const [index, price] of book.entries()) {
      const from = Math.max(row.from_ms, price.from_ms);
      const to = Math.min(row.to_ms, book[index + 1]?.from_ms ?? Infinity);
      if (to > from) dueMicrosByHour += BigInt(Math.round(to - from)) * BigInt(row.quantity) * BigInt(price.micros_per_hour);
    }
  }
  const valid = input.invoices.filter((row) => row.status !== "void");
  const lines = valid.reduce((sum, row) => sum + BigInt(row.lines), 0n);
  const off = lines - dueMicrosByHour / HOUR_MS;
  // Each line is rounded to a whole micro, once.
  const most = BigInt(valid.reduce((sum, row) => sum + row.many, 0) + 1);
  if (off > most || -off > most) input.say(`lines of ${lines} micros, time by price is ${dueMicrosByHour / HOUR_MS}`);
  for (const row of valid) {
    if (row.status === "parked") input.say(`${row.id} is parked`);
    if (BigInt(row.lines) + BigInt(row.rounding_micros) !== BigInt(row.subtotal_minor) * 1_000_000n) input.say(`the lines of ${row.id} and its rounding do not sum to it`);
    const tenths = Number(row.subtotal_minor);
    // A tenth of the net, rounded once, halves to the even one.
    const half = tenths % 10 === 5;
    const taxMinor = half ? 2 * Math.round(tenths / 20) : Math.round(tenths / 10);
    if (Number(row.tax_minor) !== taxMinor) input.say(`the tax of ${row.id} is ${row.tax_minor}, a tenth of it is ${taxMinor}`);
    if (Number(row.subtotal_minor) + Number(row.tax_minor) !== Number(row.total_minor)) input.say(`net and tax of ${row.id} do not sum to its total`);
  }
}

/** Everything about one machine, for whoever looks for a fault. */
async function dump(centre: LifeCentre, instanceId: string): Promise<void> {
  const iso = (ms: number | null): string => (ms === null ? "-" : new Date(ms).toISOString());
  const lines: string[] = [instanceId];
  const { owner } = centre.database;
  const windows = await owner.execute(sql`select (select vcpus from flavor f where f.id = w.flavor_id) as flavor, (select name from host h where h.id = w.host_id) as host, started_at, ended_at, closed_at, closed_reason from usage_window w where resource_id = ${instanceId} and meter = 'instance' union all select (select vcpus from flavor f where f.id = w.flavor_id), 'adjustment', started_at, ended_at, created_at, reason from usage_adjustment w where resource_id = ${instanceId} order by 3`);
  for (const row of windows.rows) lines.push(`window ${JSON.stringify(row)}`);
  for (const run of centre.world.runs().filter((one) => one.instanceId === instanceId)) lines.push(`run ${run.host} ${run.via} ${iso(run.startMs)} ${iso(run.endMs)}`);
  for (const effect of centre.effects.filter((one) => one.subject === instanceId)) lines.push(`effect ${effect.call} ${effect.host} ${effect.vcpus ?? ""} ${iso(effect.atMs)} ${effect.told ? "" : "untold"}`);
  for (const word of centre.words.filter((one) => one.running.has(instanceId))) lines.push(`word ${word.host} ${word.running.get(instanceId) ?? ""} ${iso(word.askedMs)} ${word.late ? "late" : ""}`);
  for (const row of (await owner.execute(sql`select at, kind from instance_event where instance_id = ${instanceId} order by at`)).rows) lines.push(`event ${JSON.stringify(row)}`);
  process.stderr.write(`${lines.join("\n")}\n`);
}
