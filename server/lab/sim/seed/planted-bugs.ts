import type { HypervisorDriver, HypervisorHost } from "@/server/drivers/hypervisor/types";
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

function overlay<T extends object>(target: T, change: (target: T) => Partial<T>): T {
  const instead = change(target);
  return new Proxy(target, { get: (object, property, receiver) => (Object.hasOwn(instead, property) ? (Reflect.get(instead, property) as unknown) : (Reflect.get(object, property, receiver) as unknown)) });
}

export const PLANTED_BUGS: readonly PlantedBug[] = [
  { name: "the epoch is not written", bend: hosts((host) => ({ startDomain: (spec, options) => host.startDomain({ ...spec, epoch: 0 }, options) })), faults: [], from: 1 },
  { name: "a stop is only said", bend: hosts(() => ({ stopDomain: () => Promise.resolve() })), faults: [], from: 2 },
];
