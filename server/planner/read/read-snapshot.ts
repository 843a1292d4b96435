import type { ClusterSnapshot, Host, Instance, PlacementOrder } from "../types";
import { FILE_POLICY, isClusterJson, plainHost, plainInstance, readClusterJson } from "./read-cluster-json";
import { readGaneti } from "./read-ganeti";

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

function text(fields: Fields, key: string, of: string): string {
  const value = fields[key];
  if (typeof value !== "string" || value === "") throw new Error(`reading the snapshot: ${of} needs a text "${key}", it has ${JSON.stringify(value)}`);
  return value;
}

/** Wrong figures stay in: the planner leaves such a host or instance out by name. Missing ones are an error of the file. */
function figure(fields: Fields, key: string, of: string): number {
  const value = fields[key];
  if (value === null) return Number.NaN;
  if (typeof value !== "number") throw new Error(`reading the snapshot: ${of} needs a number "${key}", it has ${JSON.stringify(value)}`);
  return value;
}

function list(fields: Fields, key: string): Fields[] {
  const value = fields[key];
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every(isFields)) throw new Error(`reading the snapshot: "${key}" must be a list of objects`);
  return value;
}

function readHost(fields: Fields): Host {
  const id = text(fields, "id", "each host");
  const base = plainHost(id, figure(fields, "memoryMiB", `host ${id}`), 0, figure(fields, "cpuCores", `host ${id}`));
  return { ...base, ...(fields as Partial<Host>), id };
}

/** An instance with its defaults: on, movable, of the plain class, without a place. */
export function readInstance(fields: Fields): Instance {
  const id = text(fields, "id", "each instance");
  const base = plainInstance(id, figure(fields, "vcpus", `instance ${id}`), figure(fields, "memoryMiB", `instance ${id}`), null);
  return { ...base, ...(fields as Partial<Instance>), id };
}

/**
 * Reads a snapshot from text: our own JSON (the fields of `ClusterSnapshot`; hosts need id, memoryMiB, cpuCores, instances id, vcpus,
 * memoryMiB, the rest has defaults), the generated clusters' JSON, or Ganeti's text form.
 */
export function readSnapshot(content: string): ClusterSnapshot {
  if (!content.trimStart().startsWith("{")) return readGaneti(content);
  const value: unknown = JSON.parse(content);
  if (isClusterJson(value)) return readClusterJson(value);
  if (!isFields(value)) throw new Error("reading the snapshot: the file holds no JSON object");
  return {
    clusterId: "file",
    generation: 0,
    takenAtSeconds: 0,
    groups: [],
    hostRules: [],
    storagePools: [],
    ...(value as Partial<ClusterSnapshot>),
    policy: { ...FILE_POLICY, ...(isFields(value.policy) ? value.policy : {}) },
    hosts: list(value, "hosts").map(readHost),
    instances: list(value, "instances").map(readInstance),
  };
}

/** Reads orders: a JSON list of instances; `batch` beside their fields names a group that is placed as a whole. */
export function readOrders(content: string): PlacementOrder[] {
  const value: unknown = JSON.parse(content);
  if (!Array.isArray(value) || !value.every(isFields)) throw new Error("reading the orders: the file must hold a list of instances");
  return value.map(({ batch, ...fields }) => ({ instance: readInstance(fields), batch: typeof batch === "string" ? batch : null }));
}
