import { sql } from "drizzle-orm";
import { openDatabase } from "@/db/client";
import { addPriceVersion, createFlavor, listAllFlavors, listPriceVersions, registerPublicImage } from "@/server/catalog";
import { createNetwork } from "@/server/compute";
import { createCluster, listClusters, listHosts, requestEnrolment } from "@/server/fleet";
import { enrolHostInput } from "@/server/fleet/schema";
import { systemClock } from "@/server/platform/clock";
import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import { silentLogger } from "@/server/platform/logger";
import { systemRandom } from "@/server/platform/random";
import { seedDemo } from "../seed";
import { REAL_DESKTOP, type DataCentre } from "./data-centre";
import type { DemoSettings } from "./settings";
import { until } from "./story/stage";

const CLUSTER = "lab";
const ENROLMENT_TIMEOUT_MS = 60_000;

/** Sizes of the demo: micro ones run side by side under software emulation, one fills a host, one is beyond every quota. */
const FLAVORS = [
  { name: "micro-1", class: "standard", vcpus: 1, memoryMiB: 128, diskGiB: 1, yenPerHour: 4 },
  { name: "micro-2", class: "standard", vcpus: 2, memoryMiB: 256, diskGiB: 1, yenPerHour: 8 },
  { name: "burst-1", class: "burstable", vcpus: 1, memoryMiB: 128, diskGiB: 1, yenPerHour: 2 },
  { name: REAL_DESKTOP.flavor, class: "standard", vcpus: 1, memoryMiB: 1024, diskGiB: 4, yenPerHour: 18 },
  { name: "memory-1", class: "standard", vcpus: 1, memoryMiB: 1408, diskGiB: 2, yenPerHour: 24 },
  { name: "dedicated-16", class: "dedicated", vcpus: 16, memoryMiB: 65_536, diskGiB: 200, yenPerHour: 960 },
] as const;
const GIB_YEN_PER_HOUR = 0.02;
const ADDRESS_YEN_PER_HOUR = 0.05;
const IMAGE_GIB_YEN_PER_HOUR = 0.01;
/** Each machine is charged at least so much in a month: without it the few minutes of a demo round to an invoice over nothing. */
const MINIMUM_YEN = 20;
/** One rate for the demo's second currency; a real price book is set by people. */
const YEN_PER_DOLLAR = 150;

export interface PrepareOptions {
  readonly centre: DataCentre;
  readonly databaseUrl: string;
  readonly passwords: DemoSettings["passwords"];
}

/** Fills what is missing: people and quotas, catalog, cluster, network, image, hosts. Through the verbs, as an operator would; safe to repeat. */
export async function prepareFleet({ centre, databaseUrl, passwords }: PrepareOptions): Promise<Record<string, unknown>> {
  const db = openDatabase({ url: databaseUrl, poolSize: 2, applicationName: "berth-demo" });
  const context: Context = {
    db, clock: systemClock, random: systemRandom, logger: silentLogger, requestId: mintId("request", { clock: systemClock, random: systemRandom }),
    actor: { kind: "system", id: "demo" }, scope: "provider", organizationId: null,
  };
  try {
    await seedDemo(context, { tenantPassword: passwords.tenant, operatorPassword: passwords.operator });
    await ensureCatalog(context);
    const clusterId = await ensureCluster(context, centre);
    const images = await centre.images();
    for (const { boot, ...image } of images) {
      await registerPublicImage(context, {
        ...image,
        bootKind: boot.kind,
        ...(boot.kind === "kernel" ? { kernelFile: boot.kernelFile, initrdFile: boot.initrdFile, kernelCommandLine: boot.commandLine } : {}),
      });
    }
    await retireOldImages(db, images.map((image) => image.volume));
    const hosts = await ensureHosts(context, centre, clusterId);
    return { hypervisor: centre.hypervisor, hosts: hosts.length, images: images.length };
  } finally {
    await db.pool.end();
  }
}

const micros = (amount: number): number => Math.round(amount * 1_000_000);

async function ensureCatalog(context: Context): Promise<void> {
  const known = new Map((await listAllFlavors(context)).map((flavor) => [flavor.name, flavor.id]));
  const prices = await listPriceVersions(context);
  const priced = (meter: string, flavorId: string | null, currency: string): boolean => prices.some((price) => price.meter === meter && price.flavorId === flavorId && price.currency === currency);
  const ensurePrice = async (meter: "instance" | "storage" | "address" | "image", flavorId: string | null, yen: number, minimumYen = 0): Promise<void> => {
    for (const [currency, rate] of [["JPY", 1], ["USD", YEN_PER_DOLLAR]] as const) {
      if (!priced(meter, flavorId, currency)) await addPriceVersion(context, { meter, ...(flavorId ? { flavorId } : {}), currency, microsPerHour: micros(yen / rate), minimumMicros: micros(minimumYen / rate) });
    }
  };
  for (const { yenPerHour, ...flavor } of FLAVORS) {
    const id = known.get(flavor.name) ?? (await createFlavor(context, flavor)).id;
    await ensurePrice("instance", id, yenPerHour, MINIMUM_YEN);
  }
  await ensurePrice("storage", null, GIB_YEN_PER_HOUR);
  await ensurePrice("address", null, ADDRESS_YEN_PER_HOUR);
  await ensurePrice("image", null, IMAGE_GIB_YEN_PER_HOUR);
}

async function ensureCluster(context: Context, centre: DataCentre): Promise<string> {
  const present = (await listClusters(context)).items.find((cluster) => cluster.name === CLUSTER);
  if (present) return present.id;
  const { clusterId } = await createCluster(context, { name: CLUSTER, hypervisor: centre.hypervisor, cpuModel: centre.cpuModel, pool: centre.pool, policy: { cpuRatio: 4, memoryRatio: 1, failoverHosts: 1 } });
  await createNetwork(context, { clusterId, name: "private", ...centre.network });
  return clusterId;
}

/** Asks for every host to be enrolled, and waits until the worker let it in or said what is wrong. */
async function ensureHosts(context: Context, centre: DataCentre, clusterId: string): Promise<readonly string[]> {
  const present = new Set((await listHosts(context, { clusterId })).items.map((host) => host.name));
  for (const host of centre.hosts()) {
    if (!present.has(host.name)) await requestEnrolment(context, enrolHostInput.parse({ clusterId, ...host }), { checkOnly: false });
  }
  return until("every host is up", ENROLMENT_TIMEOUT_MS, async () => {
    const { items } = await listHosts(context, { clusterId });
    const missing = items.filter((host) => host.state !== "up");
    if (missing.length > 0) throw new Error(missing.map((host) => `${host.name} is ${host.state}: ${host.stateReason}`).join("; "));
    return items.map((host) => host.name);
  });
}

/** A newer build of the image has a volume of its own; the older one stays for who stands on it and is offered no more. */
async function retireOldImages(db: ReturnType<typeof openDatabase>, volumes: readonly string[]): Promise<void> {
  await db.execute(sql`update image set status = 'retired' where organization_id is null and status = 'available' and volume not in (select jsonb_array_elements_text(${JSON.stringify(volumes)}::jsonb))`);
}
