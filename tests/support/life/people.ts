import { createInstance, deleteInstance, purgeInstance, rebootInstance, resizeInstance, restoreInstance, setConsent, startInstance, stopInstance, suspendInstance } from "@/server/compute";
import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { seededRandom, type Random } from "@/server/platform/random";
import type { LifeCentre } from "./centre";

const MOST_MACHINES = 4;
const ACTS = ["order", "start", "start", "stop", "shut-down", "suspend", "resize", "resize", "reboot", "delete", "restore", "purge", "consent"] as const;

export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[Math.floor(random.float() * items.length)];
  if (item === undefined) throw new RangeError("nothing to pick from");
  return item;
}

/** Something that another area knows of: a desktop in use, a snapshot. */
export interface HeldThing {
  readonly meter: "desktop" | "snapshot";
  readonly organizationId: string;
  readonly resourceId: string;
  readonly quantity: number;
  readonly sinceMs: number;
  untilMs: number | null;
  /** Metering was told that it is over. */
  toldOver: boolean;
}

/** The people of one organization: one of them does something now and then. A refusal is an answer. */
export class People {
  readonly instanceIds: string[] = [];
  readonly held: HeldThing[] = [];
  private sleeping = false;
  private readonly random: Random;
  private orders = 0;

  constructor(
    private readonly centre: LifeCentre,
    readonly tenant: Context & { readonly organizationId: string },
    readonly seed: number,
  ) {
    this.random = seededRandom(seed);
  }

  async act(): Promise<void> {
    if (this.sleeping) return;
    this.hold();
    if (this.instanceIds.length > 0 && this.random.float() < 0.35) return;
    const act = this.instanceIds.length === 0 ? "order" : pick(this.random, ACTS);
    try {
      await this.perform(act);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
  }

  /** From now on they do nothing. */
  asleep(): this {
    this.sleeping = true;
    return this;
  }

  private hold(): void {
    const dice = this.random.float();
    const { organizationId } = this.tenant;
    const nowMs = this.centre.clock.nowMs();
    const open = this.held.find((thing) => thing.untilMs === null);
    if (open && dice < 0.2) open.untilMs = nowMs - Math.floor(this.random.float() * Math.min(60_000, nowMs - open.sinceMs));
    else if (!open && dice < 0.1) this.held.push({ meter: dice < 0.05 ? "desktop" : "snapshot", organizationId, resourceId: `${organizationId}-held-${this.held.length}`, quantity: 1 + Math.floor(dice * 50), sinceMs: nowMs, untilMs: null, toldOver: false });
  }

  private async perform(act: (typeof ACTS)[number]): Promise<void> {
    const { tenant, random, centre } = this;
    const flavorId = centre.flavorIds.get(pick(random, [1, 1, 2, 4])) ?? "";
    if (act === "order") {
      if (this.instanceIds.length >= MOST_MACHINES) return;
      this.instanceIds.push((await createInstance(tenant, { name: `m${++this.orders}`, flavorId, imageId: centre.imageId })).id);
      return;
    }
    const instanceId = pick(random, this.instanceIds);
    switch (act) {
      case "start": return void (await startInstance(tenant, { instanceId }));
      case "stop": return void (await stopInstance(tenant, { instanceId, force: true }));
      case "shut-down": return void (await stopInstance(tenant, { instanceId, force: false, graceSeconds: 30 }));
      case "suspend": return void (await suspendInstance(tenant, { instanceId }));
      case "resize": return void (await resizeInstance(tenant, { instanceId, flavorId }));
      case "reboot": return void (await rebootInstance(tenant, { instanceId, mode: random.float() < 0.5 ? "guest" : "reset" }));
      case "delete": return void (await deleteInstance(tenant, { instanceId, trashSeconds: random.float() < 0.5 ? 86_400 : 600 }));
      case "restore": return void (await restoreInstance(tenant, { instanceId }));
      case "purge": return void (await purgeInstance(tenant, { instanceId }));
      case "consent": return void (await setConsent(tenant, { instanceId, timeZone: "UTC", notDuring: [], noticeMinutes: 0, movableForDiscount: random.float() < 0.5 }));
    }
  }
}
