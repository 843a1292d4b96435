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
  /** A seed that is known to catch it. Looked for from here on, if the product has changed. */
  readonly from: number;
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

/** Rewrites the statements that match; a planted bug that matches nothing any more is caught by nobody, and its test says so. */
function statements(match: RegExp, from: RegExp | string, to: string): Bend {
  return { statement: (text) => (match.test(text) ? text.replace(from, to) : text) };
}

export const PLANTED_BUGS: readonly PlantedBug[] = [
  { name: "the fence is not confirmed", bend: power(() => ({ off: () => Promise.resolve() })), faults: ["partition"], from: 5 },
  { name: "the epoch is not written", bend: hosts((host) => ({ startDomain: (spec, options) => host.startDomain({ ...spec, epoch: 0 }, options) })), faults: [], from: 1 },
  { name: "a stop is only said", bend: hosts(() => ({ stopDomain: () => Promise.resolve() })), faults: [], from: 1 },
  { name: "disks are opened without a lock", bend: hosts((host) => ({ startDomain: (spec, options) => host.startDomain({ ...spec, disks: spec.disks.map((disk) => ({ ...disk, readOnly: true })) }, options) })), faults: ["bmc-lies", "partition"], from: 1 },
  { name: "disks are never deleted", bend: hosts(() => ({ deleteVolume: () => Promise.resolve(true) })), faults: [], from: 1 },
  { name: "quota is given without its limit", bend: statements(/with admitted as/, /q\.limit_(instances|vcpus)(?=\s*(?:$|and|\)|or))/g, "(q.limit_$1 + 1000)"), faults: [], from: 1 },
  { name: "room on a host is taken without its condition", bend: statements(/update host h set committed_vcpus = h\.committed_vcpus \+/, /h\.committed_vcpus \+ (\$\d+) <= h\.cores \* c\.cpu_ratio \+ 0\.000001/, "$1::int is not null"), faults: ["crash"], from: 1 },
  { name: "room on a host is never given back", bend: statements(/update host set committed_vcpus = committed_vcpus -/, "committed_vcpus = committed_vcpus - $1", "committed_vcpus = committed_vcpus - 0 * $1"), faults: [], from: 1 },
  { name: "room on a host is given back twice", bend: statements(/update host set committed_vcpus = committed_vcpus -/, "committed_vcpus = committed_vcpus - $1", "committed_vcpus = committed_vcpus - 2 * $1"), faults: [], from: 1 },
  { name: "a hold is released twice", bend: statements(/with gone as \(\s*delete from quota_hold/, /sum\(\(g\.amounts->>(\$\d+)\)::bigint\)/g, "sum(2 * (g.amounts->>$1)::bigint)"), faults: [], from: 1 },
  { name: "a hold stays after it was committed", bend: statements(/with gone as \(\s*delete from quota_hold/, /delete from quota_hold h where (.*?) returning h\.amounts/s, "select h.amounts from quota_hold h where $1"), faults: [], from: 1 },
  { name: "an address is never released", bend: statements(/update "?address"? set "?released_at"?/, /where/, "where false and"), faults: [], from: 1 },
  { name: "what runs is billed twice", bend: statements(/insert into usage_window select \* from jsonb_populate_recordset/, /select \* from jsonb_populate_recordset\(null::usage_window, \$1::jsonb\)/, "select r.* from jsonb_populate_recordset(null::usage_window, (select jsonb_agg(v) from (select v from jsonb_array_elements($1::jsonb) v union all select v || jsonb_build_object('id', (v->>'id') || 'b', 'started_at', (v->>'started_at')::timestamptz + interval '1 second', 'resource_id', (v->>'resource_id')) from jsonb_array_elements($1::jsonb) v) x)) r"), faults: [], from: 1 },
  { name: "an instance is deleted and its place kept", bend: statements(/delete from "allocation"/, /delete from "allocation" where (.*?) returning/s, 'update "allocation" set "epoch" = "epoch" where $1 returning'), faults: [], from: 1 },
];
