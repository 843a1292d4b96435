import { updateAutomation } from "@/server/fleet";
import { automationInput } from "@/server/fleet/schema";
import { seededRandom } from "@/server/platform/random";
import type { SimRoom } from "../room";
import type { SimDatabaseServer } from "../server";
import { Violation } from "./invariants";

/** In so many of the seeds hosts may sleep. */
const SLEEPY_FRACTION = 0.4;
/** From a change after which nothing is proved until a sleeper is being woken, while a worker lives: its guard looks every second. */
const UNPROVED_MS = 5_000;
/** What a certificate depends on. */
const TABLES = ["host", "allocation", "instance", "sleep_certificate", "cluster"] as const;

/** Drawn apart from everything else of a seed, so that the others are what they were. */
export function isSleepy(seed: number): boolean {
  return seededRandom(seed * 7_919 + 11).float() < SLEEPY_FRACTION;
}

/** Somebody looks at what the cluster may do by itself so often; the loop's own minute is longer than a seed. */
export const ALLOW_EVERY_MS = 3_000;

/** Hosts may sleep at once and as often as it takes: the rests of a night are longer than a seed. */
export async function allowSleep(room: SimRoom): Promise<void> {
  await updateAutomation(room.provider, automationInput.parse({ clusterId: room.clusterId, consolidate: "automatic", minAwakeHosts: 2, minAwakeSeconds: 0, minAsleepSeconds: 0, maxCycles: 100, movesPerHour: 100, movesPerHostPerHour: 50, wakeTimeoutSeconds: 20 }));
}

/** Whoever sleeps is woken by the control plane itself. */
export async function forbidSleep(room: SimRoom): Promise<void> {
  await updateAutomation(room.provider, automationInput.parse({ clusterId: room.clusterId, consolidate: "off" }));
}

interface Standing extends Record<string, unknown> {
  readonly hosts: readonly { readonly id: string; readonly name: string; readonly state: string; readonly power: string; readonly vcpus: number; readonly memoryMiB: number }[];
  readonly places: readonly { readonly id: string; readonly hostId: string; readonly vcpus: number; readonly memoryMiB: number }[] | null;
  /** Hosts that the certificate names, if one stands that was checked against the cluster as it is now. */
  readonly named: readonly string[] | null;
}

const STANDING = `select
  (select json_agg(json_build_object('id', h.id, 'name', h.name, 'state', h.state, 'power', h.power_state, 'vcpus', floor(h.cores * c.cpu_ratio), 'memoryMiB', floor((h.memory_mib - h.system_memory_mib) * c.memory_ratio)) order by h.name) from host h) as hosts,
  (select json_agg(json_build_object('id', a.instance_id, 'hostId', a.host_id, 'vcpus', a.vcpus, 'memoryMiB', a.memory_mib) order by a.instance_id) from allocation a) as places,
  (select s.asleep_host_ids from sleep_certificate s where s.cluster_id = c.id and s.state = 'valid' and s.checked_for_generation = c.generation) as named
  from cluster c`;

/**
 * Watches that sleep costs nobody anything: after every step in which something changed, the certificate that stands for the cluster
 * as it is now is true. Where guests are is ground truth; the proof is done anew and knows nothing of the planner's.
 */
export class SleepWatch {
  private seen = "";
  private powers = 0;
  private unprovedSinceMs: number | null = null;
  /** Hosts that fell asleep while the seed was played. */
  slept = 0;

  constructor(
    private readonly room: SimRoom,
    private readonly server: SimDatabaseServer,
    /** False while something is wrong with the workers themselves: nobody is there who could prove anything. */
    private readonly isGuarded: () => boolean,
  ) {}

  look(): void | Promise<void> {
    const power = this.room.world.power();
    const cut: string[] = [];
    for (; this.powers < power.length; this.powers += 1) {
      const record = power[this.powers];
      if (record?.to === "off" && this.room.world.runs().some((run) => run.host === record.host && run.endMs === record.atMs)) cut.push(record.host);
    }
    const now = this.server.postgres.fingerprint(TABLES);
    if (now === this.seen && cut.length === 0) return;
    this.seen = now;
    return this.judge(cut);
  }

  private async judge(cut: readonly string[]): Promise<void> {
    const [row] = await this.server.rows<Standing>(STANDING);
    if (!row) return;
    const { hosts } = row;
    const places = row.places ?? [];
    const sleepers = hosts.filter((host) => host.state === "asleep");
    const put = sleepers.find((host) => host.power === "falling-asleep" && cut.includes(host.name));
    if (put) throw new Violation("nobody is put to sleep with guests", `the power of ${put.name} was cut for its sleep while guests executed there`);
    if (sleepers.length === 0) {
      this.unprovedSinceMs = null;
      return;
    }
    const { named } = row;
    if (named === null) return this.unproved(sleepers.filter((host) => host.power === "asleep").map((host) => host.name));
    this.unprovedSinceMs = null;
    this.slept = Math.max(this.slept, sleepers.length);
    const unnamed = sleepers.find((host) => !named.includes(host.id));
    if (unnamed) throw new Violation("the certificate is true", `${unnamed.name} sleeps and the certificate does not name it`);
    const executing = new Map(this.room.world.runs().flatMap((run) => (run.endMs === null ? [[run.instanceId, run.host] as const] : [])));
    const busy = sleepers.find((host) => [...executing.values()].includes(host.name));
    if (busy) throw new Violation("the certificate is true", `guests execute on ${busy.name}, which sleeps`);
    // Who comes back answers, and is up as soon as it is cleaned.
    const awake = hosts.filter((host) => ["up", "suspect", "returning"].includes(host.state));
    for (const lost of awake) {
      const moving = places.filter((place) => place.hostId === lost.id && executing.has(place.id));
      // As it is promised: any one awake host is lost, and any one sleeper does not wake.
      for (const failed of sleepers) {
        const rooms = [...awake, ...sleepers].filter((host) => host !== lost && host !== failed).map((host) => {
          const here = places.filter((place) => place.hostId === host.id);
          return { vcpus: host.vcpus - here.reduce((sum, place) => sum + place.vcpus, 0), memoryMiB: host.memoryMiB - here.reduce((sum, place) => sum + place.memoryMiB, 0) };
        });
        if (!fits(moving, rooms)) throw new Violation("the certificate is true", `the loss of ${lost.name} would not be survived if ${failed.name} did not wake: ${moving.length} guests find no room on the others`);
      }
    }
  }

  private unproved(asleep: readonly string[]): void {
    const nowMs = this.room.scheduler.nowMs();
    if (asleep.length === 0 || !this.isGuarded()) {
      this.unprovedSinceMs = null;
      return;
    }
    this.unprovedSinceMs ??= nowMs;
    if (nowMs - this.unprovedSinceMs > UNPROVED_MS) throw new Violation("who sleeps is proved or woken", `${asleep.join(", ")} slept for ${nowMs - this.unprovedSinceMs} ms without a certificate of the cluster as it is`);
  }
}

interface Size {
  readonly vcpus: number;
  readonly memoryMiB: number;
}

/** Some way to give every guest a host. All ways are tried: there are a handful of guests and five hosts at most. */
function fits(guests: readonly Size[], rooms: readonly Size[]): boolean {
  const [first, ...rest] = guests;
  if (!first) return true;
  return rooms.some((room, at) => room.vcpus >= first.vcpus && room.memoryMiB >= first.memoryMiB && fits(rest, rooms.map((other, index) => (index === at ? { vcpus: other.vcpus - first.vcpus, memoryMiB: other.memoryMiB - first.memoryMiB } : other))));
}
