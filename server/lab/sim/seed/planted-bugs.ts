import type { HypervisorDriver, HypervisorHost } from "@/server/drivers/hypervisor/types";
import type { PowerDevice, PowerDriver } from "@/server/drivers/power/types";
import type { Bend } from "../room";
import type { Fault } from "./faults";

/** A bug that the simulation plants from outside; not a word of it is in the product's code. */
export interface PlantedBug {
  readonly name: string;
  readonly bend: Bend;
  /** Faults without which it would sleep for long. */
  readonly faults: readonly Fault[];
  /** A seed that was seen to catch it; null where none was looked for yet. `npm run sim -- --planted` looks for the first one. */
  readonly seed: number | null;
  /** Hosts sleep in its seeds, and those are longer. */
  readonly sleepy?: true;
  /** It keeps everybody busy for so long that only `--planted` plays it. */
  readonly long?: true;
}

function hosts(change: (host: HypervisorHost) => Partial<HypervisorHost>): Bend {
  return { hypervisor: (driver): HypervisorDriver => ({ kind: driver.kind, connect: (endpoint) => overlay(driver.connect(endpoint), change) }) };
}

function power(change: (device: PowerDevice) => Partial<PowerDevice>): Bend {
  return { power: (driver): PowerDriver => ({ kind: driver.kind, connect: (config) => overlay(driver.connect(config), change) }) };
}

function overlay<T extends object>(target: T, change: (target: T) => Partial<T>): T {
  const instead = change(target);
  return new Proxy(target, { get: (object, property, receiver) => (Object.hasOwn(instead, property) ? (Reflect.get(instead, property) as unknown) : (Reflect.get(object, property, receiver) as unknown)) });
}

/** Rewrites the statements that match. One that matches nothing any more plants nothing, and its test fails. */
function statements(match: RegExp, from: RegExp | string, to: string): Bend {
  return {
    statement: (text) => {
      const flat = text.replace(/\s+/g, " ").trim();
      return match.test(flat) ? flat.replace(from, to) : text;
    },
  };
}

export const PLANTED_BUGS: readonly PlantedBug[] = [
  { name: "the fence is not confirmed", bend: power(() => ({ off: () => Promise.resolve() })), faults: ["panic"], seed: 1 },
  { name: "the brake is ignored", bend: statements(/^select .* from "cluster"/s, '"fence_brake_fraction"', "1::float8"), faults: ["island"], seed: 1, long: true },
  { name: "the epoch is not written", bend: hosts((host) => ({ startDomain: (spec, options) => host.startDomain({ ...spec, epoch: 0 }, options) })), faults: [], seed: 1, long: true },
  { name: "a stop is only said", bend: hosts(() => ({ stopDomain: () => Promise.resolve() })), faults: [], seed: 1 },
  { name: "a start is only said", bend: hosts(() => ({ startDomain: () => Promise.resolve() })), faults: [], seed: 1, long: true },
  { name: "disks of what is gone are never deleted", bend: hosts(() => ({ deleteVolume: () => Promise.resolve(true) })), faults: [], seed: 7 },
  { name: "quota is given without its limit", bend: statements(/with (previous|admitted) as/, /q\.limit_(instances|vcpus)(?=\s*(?:$|and|\)|or))/g, "(q.limit_$1 + 1000)"), faults: [], seed: 6 },
  { name: "a place is written and its room is not counted", bend: statements(/^update host h set committed_vcpus = h\.committed_vcpus \+/, /h\.committed_vcpus \+ (\$\d+),/, "h.committed_vcpus + 0 * $1,"), faults: [], seed: 1, long: true },
  { name: "quota is committed twice", bend: statements(/^with gone as \( delete from quota_hold/, /committed_instances = q\.committed_instances \+ \((\$\d+)::bigint\)/, "committed_instances = q.committed_instances + (2 * $1::bigint)"), faults: [], seed: 1 },
  { name: "room on a host is never given back", bend: statements(/update host set committed_vcpus = committed_vcpus -/, "committed_vcpus = committed_vcpus - $1", "committed_vcpus = committed_vcpus - 0 * $1"), faults: [], seed: 1 },
  { name: "room on a host is given back twice", bend: statements(/update host set committed_vcpus = committed_vcpus -/, "committed_vcpus = committed_vcpus - $1", "committed_vcpus = committed_vcpus - 2 * $1"), faults: [], seed: 1, long: true },
  { name: "a hold stays after it was committed", bend: statements(/with gone as \(\s*delete from quota_hold/, /delete from quota_hold h where (.*?) returning h\.amounts/s, "select h.amounts from quota_hold h where $1"), faults: [], seed: 1 },
  { name: "a hold is released twice", bend: statements(/with gone as \(\s*delete from quota_hold/, /\(-s\.instances\)/g, "(-2 * s.instances)"), faults: [], seed: 1 },
  { name: "an address is never released", bend: statements(/update "?address"? set "?released_at"?/, /where/, "where false and"), faults: [], seed: 7 },
  { name: "a migration ends and its place stays behind", bend: statements(/^update "allocation" set "host_id"/, /"host_id" = (\$\d+)/, '"host_id" = case when $1::text is null then null else "host_id" end'), faults: [], seed: 1 },
  { name: "an instance is deleted and its place kept", bend: statements(/delete from "allocation"/, /delete from "allocation" where (.*?) returning/s, 'update "allocation" set "epoch" = "epoch" where $1 returning'), faults: [], seed: 1 },
  { name: "a window ends when somebody notices", bend: statements(/update usage_window set closed_at = \$1, ended_at = greatest/, /greatest\(ended_at, \$2::timestamptz\)/, "greatest(ended_at, $2::timestamptz + interval '1 minute')"), faults: ["crash"], seed: 2 },
  { name: "a certificate is held for checked", bend: statements(/^select .* from "sleep_certificate"/, /"checked_for_generation"/, '(select "generation" from "cluster" where "cluster"."id" = "sleep_certificate"."cluster_id") as "checked_for_generation"'), faults: [], seed: 5, sleepy: true },
];

/** A seed of a planted bug: short, because without the bug it is settled within a few seconds. */
export const PLANTED_LENGTH_MS = 6_000;
/** In which hosts are emptied, fall asleep and are missed. */
export const PLANTED_SLEEPY_LENGTH_MS = 14_000;
export const PLANTED_HEAL_WITHIN_MS = 12_000;
/** And busy: most bugs wait for somebody who does the thing. */
export const PLANTED_ACT_WITHIN_MS = 500;
