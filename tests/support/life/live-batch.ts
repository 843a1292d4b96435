import { fileURLToPath } from "node:url";
import { sql } from "drizzle-orm";
import { addPriceVersion } from "@/server/catalog";
import { deleteInstance, purgeInstance } from "@/server/compute";
import { meterHeldUse } from "@/server/metering";
import { Problem } from "@/server/platform/errors";
import { seededRandom, type Random } from "@/server/platform/random";
import { inTransaction } from "@/server/platform/transaction";
import type { TestDatabase } from "../database";
import { FLAVORS, LifeCentre } from "./centre";
import { Misfortune } from "./fate";
import { judge, type LifeFinding } from "./judge";
import { People } from "./people";
import { Till } from "./till";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MONTH_START = Date.UTC(2026, 0, 1);
const MONTH_END = Date.UTC(2026, 1, 1);
const SECOND_END = Date.UTC(2026, 2, 1);
/** Moments of a month at which something happens. */
export const ROUNDS = 24;
/** Of the month that follows, in which everything ends. */
const LAST_ROUNDS = 3;
const PASSES_A_ROUND = 3;
/** Organizations that live beside each other in one data centre; they share what happens to its hosts and to Stripe. */
export const SEEDS_TOGETHER = 50;

/** What once went wrong: a batch, and how much of it shows it. The test of months replays each line. */
export const CORPUS = fileURLToPath(new URL("./corpus.jsonl", import.meta.url));

export interface CorpusEntry {
  readonly batch: number;
  readonly many: number;
  readonly rounds: number;
}

export interface BatchOptions {
  /** How many organizations; default all of a batch. */
  readonly many?: number;
  readonly rounds?: number;
}

export interface BatchOutcome {
  readonly findings: readonly LifeFinding[];
  readonly figures: Readonly<Record<string, number>>;
}

export const firstOf = (batch: number): number => (batch - 1) * SEEDS_TOGETHER + 1;

/**
 * A month of `SEEDS_TOGETHER` organizations, and another one in which they end, under the real loops on simulated hosts and with a simulated
 * Stripe: everything that people, hosts, words, workers and payments do at random, with the batch's number as the only seed. Odd
 * batches hear of everything, so that what is billed must be all that executed; in even ones words are lost and workers die.
 * Only the order in which several calls to Stripe arrive is not the seed's.
 */
export async function liveBatch(database: TestDatabase, batch: number, options: BatchOptions = {}): Promise<BatchOutcome> {
  const storm = batch % 2 === 0;
  const random = seededRandom(batch * 7_919 + 13);
  const centre = new LifeCentre(database, batch, MONTH_START - HOUR_MS);
  const till = await Till.open(database, centre.clock, centre.context, batch * 31 + 5);
  try {
    await centre.furnish();
    await addPrices(centre, random, 1);
    await centre.clock.advance(MONTH_START - centre.clock.nowMs());
    const people: People[] = [];
    for (let seed = firstOf(batch); seed < firstOf(batch) + (options.many ?? SEEDS_TOGETHER); seed++) people.push(new People(centre, await centre.addOrganization(`org_life${seed}`), seed));
    const fate = new Misfortune(centre, random, storm);
    const rounds = options.rounds ?? ROUNDS;
    let priced = 0;
    for (let round = 0; round < rounds; round++) {
      await liveRound(centre, people, fate, random);
      if (random.float() < 4 / rounds && priced++ < 3) await addPrices(centre, random, 2);
      const left = MONTH_END - centre.clock.nowMs();
      await centre.clock.advance(Math.max(5_000, Math.floor((random.float() * 2 * left) / (rounds - round))));
      await centre.settle();
    }
    await centre.clock.advance(Math.max(1_000, MONTH_END + Math.floor(random.float() * 3 * HOUR_MS) - centre.clock.nowMs()));
    for (let round = 0; round < LAST_ROUNDS; round++) {
      await liveRound(centre, people, fate, random);
      // While some hosts are silent their last words are waited for, a day at the most.
      await centre.pass("issue-invoices");
      await centre.clock.advance(Math.floor(random.float() * 10 * HOUR_MS));
      await centre.settle();
    }
    fate.end();
    await end(centre, people);
    await collect(centre, till, people, random);
    await centre.clock.advance(Math.max(0, SECOND_END + 26 * HOUR_MS - centre.clock.nowMs()));
    await centre.cycle();
    await centre.pass("meter-resources");
    await centre.pass("issue-invoices");
    await till.untilQuiet();
    const findings = [...(await judge(centre, people, storm)), ...(await till.compare(people.map((one) => one.tenant.organizationId))).map(({ organizationId, what }) => ({ seed: people.find((one) => one.tenant.organizationId === organizationId)?.seed ?? 0, what }))];
    for (const double of centre.world.doubleRuns()) findings.push({ seed: 0, what: `a double run: ${JSON.stringify(double)}` });
    return { findings, figures: { runs: centre.world.runs().length, words: centre.words.length, calls: centre.effects.length, deathsOfWorkers: centre.deaths, moves: centre.world.runs().filter((run) => run.via === "migration").length, stripeRequests: till.stripe.seen.length } };
  } finally {
    await till.close();
    await centre.close();
  }
}

async function liveRound(centre: LifeCentre, people: readonly People[], fate: Misfortune, random: Random): Promise<void> {
  for (const one of people) await one.act();
  const passes = PASSES_A_ROUND + Math.floor(random.float() * 3);
  for (let pass = 0; pass < passes; pass++) {
    await centre.clock.advance(1_000 + Math.floor(random.float() * 2_000));
    await centre.settle();
    fate.arm();
    await centre.cycle();
    if (pass === 0) await fate.strike();
  }
  await fate.absence();
  await centre.pass("purge-trash");
  await centre.pass("meter-resources");
  const held = people.flatMap((one) => one.held.filter((thing) => thing.untilMs === null || !thing.toldOver));
  await inTransaction(centre.context, (tx) => meterHeldUse(tx, centre.context, centre.clock.now(), held.map((thing) => ({ ...thing, instanceId: thing.resourceId, storageClass: null, since: new Date(thing.sinceMs), until: thing.untilMs === null ? null : new Date(thing.untilMs) }))));
  for (const thing of held) thing.toldOver = thing.untilMs !== null;
}

/** New prices of everything, from some hours on; the first ones from now. */
async function addPrices(centre: LifeCentre, random: Random, spread: number): Promise<void> {
  const validFrom = new Date(centre.clock.nowMs() + (spread === 1 ? 1_000 : Math.floor(random.float() * 40 * HOUR_MS)));
  const micros = (most: number): number => 1 + Math.floor(random.float() * most);
  const price = { currency: "JPY", validFrom };
  for (const { vcpus } of FLAVORS) await addPriceVersion(centre.provider, { ...price, meter: "instance", flavorId: centre.flavorIds.get(vcpus) ?? "", microsPerHour: micros(4_000_000) });
  for (const meter of ["storage", "address", "snapshot", "desktop"] as const) await addPriceVersion(centre.provider, { ...price, meter, microsPerHour: micros(40_000) });
}

/** Everybody gives up everything, and nothing goes wrong any more. */
async function end(centre: LifeCentre, people: readonly People[]): Promise<void> {
  for (const one of people) {
    for (const thing of one.held) thing.untilMs ??= centre.clock.nowMs();
    for (const instanceId of one.instanceIds) {
      for (const verb of [deleteInstance, purgeInstance]) {
        await verb(one.tenant, { instanceId }).catch((error: unknown) => {
          // Deleted or purged already.
          if (!(error instanceof Problem)) throw error;
        });
      }
    }
  }
  const quiet = new Misfortune(centre, seededRandom(1), false);
  for (let round = 0; round < 40; round++) {
    await liveRound(centre, people.map((one) => one.asleep()), quiet.idle(), seededRandom(round));
    const { rows } = await centre.database.owner.execute<{ left: number }>(sql`select (select count(*) from instance where purged_at is null)::int as left`);
    if (rows[0]?.left === 0) return;
    await centre.clock.advance(round < 20 ? 20_000 : HOUR_MS);
    await centre.settle();
  }
  throw new Error("The machines of the batch were not removed.");
}

/** The month is invoiced, pushed and paid, with everything that goes wrong between us and Stripe. */
async function collect(centre: LifeCentre, till: Till, people: readonly People[], random: Random): Promise<void> {
  await centre.clock.advance(Math.max(0, MONTH_END + 25 * HOUR_MS - centre.clock.nowMs()));
  await centre.pass("issue-invoices");
  await till.passAndDie();
  await centre.clock.advance(60_000);
  if (random.float() < 0.4) await till.outage();
  await till.untilQuiet();
  const cards = people.map(() => random.float());
  for (const [index, one] of people.entries()) {
    const dice = cards[index] ?? 1;
    // Some never give one, some give one that is declined and a good one later.
    if (dice < 0.9) await till.giveCard(one.tenant.organizationId, dice < 0.6 ? "pm_card_visa" : "pm_card_chargeCustomerFail");
  }
  await till.deliver();
  await till.pass("work-inbox");
  await till.passAndDie();
  await centre.clock.advance(60_000);
  if (random.float() < 0.3) await till.outage();
  await till.untilQuiet();
  await centre.clock.advance(DAY_MS);
  for (const [index, one] of people.entries()) if ((cards[index] ?? 1) >= 0.7 && (cards[index] ?? 1) < 0.9) await till.giveCard(one.tenant.organizationId, "pm_card_visa");
  await till.untilQuiet();
  till.stormy = false;
  await till.untilQuiet();
  till.stormy = true;
}
