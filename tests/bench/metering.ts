import { sql } from "drizzle-orm";
import { previewPrices } from "@/server/billing";
import { toPrice } from "@/server/billing/draft";
import { selectWindowsOf } from "@/server/billing/price-book/store";
import { listPriceVersionsIn } from "@/server/catalog";
import { ingestSamples, keepSamples, meterObservations, type HostUsageFact, type MinuteSample } from "@/server/metering";
import { VirtualClock } from "@/server/platform/clock";
import { inTransaction } from "@/server/platform/transaction";
import { rateUsage } from "@/server/rating";
import { testContext, type TestDatabase } from "../support/database";
import { createBenchDatabase } from "./support/bench-database";
import { percentile, type Bench, type BenchRow } from "./types";

const MINUTE_MS = 60_000;
const INSTANCES = 20_000;
const PER_HOST = 20;
const ORGANIZATIONS = 1_000;
const START = Date.UTC(2026, 5, 1);
const SECONDS_OF_FACTS = 15;
/** Hosts of one call, as the loop has it. */
const HOSTS_AT_ONCE = 25;
const WRITERS = 2;
const SECONDS_OF_SAMPLES = 10;
const SAMPLES_AT_ONCE = 5_000;

/** Facts and samples into a durable Postgres, and a month of 1,000 organizations x 20 instances rated and rated again under other prices. */
export const run: Bench = async () => {
  const database = await createBenchDatabase();
  try {
    await fillFleet(database);
    const rows = [...(await facts(database)), ...(await samples(database)), ...(await rating(database))];
    return { name: "metering", rows, raw: rows };
  } finally {
    await database.close();
  }
};

async function fillFleet({ owner }: TestDatabase): Promise<void> {
  const at = new Date(START).toISOString();
  await owner.execute(sql`insert into cluster (id, name, hypervisor, cpu_model, created_at) values ('cls_b', 'b', 'simulated', 'qemu64', ${at})`);
  await owner.execute(sql`insert into flavor (id, name, class, vcpus, memory_mib, disk_gib, cpu_reservation_millicores, memory_reservation_mib, created_at) values ('flv_b', 'b', 'standard', 1, 512, 10, 100, 512, ${at})`);
  await owner.execute(sql`insert into image (id, name, boot_kind, volume, format, virtual_size_mib, size_bytes, sha256, status, created_at, created_by) values ('img_b', 'b', 'disk', 'b', 'qcow2', 64, 1, '00', 'available', ${at}, 'bench')`);
  await owner.execute(sql`insert into organization (id, slug, name, currency, created_at) select 'org_b' || n, 'b' || n, 'B' || n, 'JPY', ${at} from generate_series(0, ${ORGANIZATIONS - 1}) n`);
  await owner.execute(sql`insert into instance (id, organization_id, cluster_id, name, flavor_id, image_id, uuid, vcpus, memory_mib, disk_gib, desired_power, created_by, created_at, updated_at)
    select 'ins_b' || n, 'org_b' || (n % ${ORGANIZATIONS}::int), 'cls_b', 'b' || n, 'flv_b', 'img_b', gen_random_uuid()::text, 1, 512, 10, 'running', 'bench', ${at}, ${at} from generate_series(0, ${INSTANCES - 1}) n`);
  await owner.execute(sql`insert into instance_observation (instance_id, organization_id, state, vcpus, memory_mib, observed_at) select id, organization_id, 'running', 1, 512, ${at} from instance`);
  await owner.execute(sql`insert into price_version (id, meter, flavor_id, currency, micros_per_hour, monthly_cap_micros, valid_from, created_at, created_by) values ('prv_b', 'instance', 'flv_b', 'JPY', 1500000, 900000000, '2020-01-01', '2020-01-01', 'bench')`);
  await owner.execute(sql`analyze`);
}

/** Every host in turn, as fast as it goes: each word confirms what runs, and one in ten comes twice. */
async function facts(database: TestDatabase): Promise<BenchRow[]> {
  const clock = new VirtualClock(START + MINUTE_MS);
  const context = testContext(database.worker, { clock });
  const hosts = Math.floor(INSTANCES / PER_HOST);
  const tookMs: number[] = [];
  let metered = 0;
  let round = 0;
  const word = (host: number, second: number): HostUsageFact => ({
    hostId: `hst_b${host}`, confirmedThrough: new Date(START + MINUTE_MS + second * 1_000), previouslyConfirmedThrough: new Date(START + MINUTE_MS + (second - 1) * 1_000),
    running: Array.from({ length: PER_HOST }, (_, index) => ({ instanceId: `ins_b${host * PER_HOST + index}`, since: new Date(START), continues: false })),
  });
  const call = async (first: number, second: number): Promise<void> => {
    const batch = Array.from({ length: HOSTS_AT_ONCE }, (_, index) => word(first + index, second));
    const from = performance.now();
    await inTransaction(context, (tx) => meterObservations(tx, context, batch));
    tookMs.push(performance.now() - from);
    metered += batch.length * PER_HOST;
  };
  // The first word of each opens its window; then the steady state is measured.
  for (let first = 0; first < hosts; first += HOSTS_AT_ONCE) await call(first, 0);
  await database.owner.execute(sql`analyze usage_window`);
  tookMs.length = 0;
  metered = 0;
  const startedMs = performance.now();
  const half = hosts / WRITERS;
  while (performance.now() - startedMs < SECONDS_OF_FACTS * 1_000) {
    round += 1;
    await Promise.all(Array.from({ length: WRITERS }, async (_, writer) => {
      for (let first = writer * half; first < (writer + 1) * half && performance.now() - startedMs < SECONDS_OF_FACTS * 1_000; first += HOSTS_AT_ONCE) {
        await call(first, round * 10);
        if ((first / HOSTS_AT_ONCE) % 10 === 9) await call(first, round * 10);
      }
    }));
  }
  const perSecond = metered / ((performance.now() - startedMs) / 1_000);
  const p99PerHost = percentile(tookMs, 0.99) / HOSTS_AT_ONCE;
  return [
    { label: "usage facts, deduplicated, durable", value: perSecond, unit: "facts/s", goal: ">= 5,000/s", held: perSecond >= 5_000 },
    { label: `one call of ${HOSTS_AT_ONCE} hosts x ${PER_HOST} instances, p99`, value: percentile(tookMs, 0.99), unit: "ms" },
    { label: `the same, a host of ${PER_HOST} instances, p99`, value: p99PerHost, unit: "ms", goal: "< 50 ms", held: p99PerHost < 50 },
  ];
}

async function samples(database: TestDatabase): Promise<BenchRow[]> {
  const clock = new VirtualClock(START + 3 * 3_600_000);
  const context = testContext(database.worker, { clock });
  await keepSamples(context);
  const minuteOf = (minute: number): MinuteSample[] =>
    Array.from({ length: INSTANCES }, (_, index) => ({ organizationId: `org_b${index % ORGANIZATIONS}`, instanceId: `ins_b${index}`, minute: new Date(START + minute * MINUTE_MS), cpuMillicores: index % 1_000, cpuStealMillicores: 0, memoryUsedMiB: 256, diskReadBytesPerSecond: 1, diskWrittenBytesPerSecond: 2, netReceivedBytesPerSecond: 3, netSentBytesPerSecond: 4 }));
  let rows = 0;
  const startedMs = performance.now();
  // One loop writes samples, and one worker at a time holds its lease: two writers would only wait for each other at the same index.
  for (let minute = 0; performance.now() - startedMs < SECONDS_OF_SAMPLES * 1_000; minute++) {
    const batch = minuteOf(minute);
    for (let at = 0; at < batch.length; at += SAMPLES_AT_ONCE) rows += await inTransaction(context, (tx) => ingestSamples(tx, batch.slice(at, at + SAMPLES_AT_ONCE)));
  }
  const perSecond = rows / ((performance.now() - startedMs) / 1_000);
  const again = await inTransaction(context, (tx) => ingestSamples(tx, minuteOf(0)));
  const rollMs = performance.now();
  const { hours } = await keepSamples(context);
  return [
    { label: "minute samples, durable", value: perSecond, unit: "rows/s", goal: ">= 60,000/s", held: perSecond >= 60_000 },
    { label: "of a minute sent again, counted as new", value: again, unit: "rows", goal: "0", held: again === 0 },
    { label: `hourly roll-up of ${rows} rows into ${hours}`, value: performance.now() - rollMs, unit: "ms" },
  ];
}

async function rating(database: TestDatabase): Promise<BenchRow[]> {
  // May 2026: each instance ran in five stretches.
  await database.owner.execute(sql`insert into usage_window (id, organization_id, meter, resource_id, instance_id, flavor_id, class, quantity, vcpus, memory_mib, started_at, ended_at, closed_at, closed_reason, created_at)
    select 'usw_b' || i.id || p, i.organization_id, 'instance', i.id, i.id, 'flv_b', 'standard', 1, 1, 512, timestamptz '2026-05-01' + p * interval '6 days', timestamptz '2026-05-01' + p * interval '6 days' + interval '5 days 3 hours 17 seconds', now(), 'stopped', now()
    from instance i cross join generate_series(0, 4) p`);
  await database.owner.execute(sql`analyze usage_window`);
  const context = testContext(database.worker, { clock: new VirtualClock(Date.UTC(2026, 5, 15)) });
  const from = new Date(Date.UTC(2026, 4, 1));
  const to = new Date(Date.UTC(2026, 5, 1));
  const startedMs = performance.now();
  const prices = (await inTransaction(context, (tx) => listPriceVersionsIn(tx, "JPY"))).map(toPrice);
  const ids = Array.from({ length: ORGANIZATIONS }, (_, index) => `org_b${index}`);
  let lines = 0;
  for (let at = 0; at < ids.length; at += 200) {
    const windows = await inTransaction(context, (tx) => selectWindowsOf(tx, ids.slice(at, at + 200), from, to), { readOnly: true });
    for (const own of windows.values()) lines += rateUsage({ windows: own, prices, period: { startMs: from.getTime(), endMs: to.getTime() }, currency: "JPY", taxRates: { standard: 1000, reduced: 800, exempt: 0 } }).lines.length;
  }
  const rateSeconds = (performance.now() - startedMs) / 1_000;
  const whatIfMs = performance.now();
  const preview = await previewPrices(context, { currency: "JPY", prices: [{ meter: "instance", flavorId: "flv_b", microsPerHour: 1_700_000, monthlyCapMicros: 1_000_000_000 }] });
  const whatIfSeconds = (performance.now() - whatIfMs) / 1_000;
  return [
    { label: `a month of ${ORGANIZATIONS} organizations x 20 instances, read and rated (${lines} lines)`, value: rateSeconds, unit: "s", goal: "<= 10 s", held: rateSeconds <= 10 },
    { label: `the same under another price book, both ways (${preview.organizations.length} organizations)`, value: whatIfSeconds, unit: "s", goal: "<= 60 s", held: whatIfSeconds <= 60 },
  ];
}
