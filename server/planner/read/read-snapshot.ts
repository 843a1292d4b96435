import type { ClusterSnapshot, Host, Instance, PlacementOrder } from "../types";
import { FILE_POLICY, isClusterJson, plainHost, plainInstance, readClusterJson } from "./read-cluster-json";
import { readGaneti } from "./read-ganeti";
import { INSTANCE_SCHEMA, SNAPSHOT_SCHEMA } from "./snapshot-schema";
import { findFault } from "./validate";

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

function parseJson(content: string, what: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw new Error(`reading ${what}: it is no JSON (${error instanceof Error ? error.message : String(error)})`, { cause: error });
  }
}

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
  return { ...base, ...(withoutNulls(fields) as Partial<Host>), id };
}

const MAY_BE_NULL = new Set(["hostId", "cpuModel"]);

/** JSON has no "not a number": a null in a figure stands for it, and the planner then leaves that host or instance out by name. */
function withoutNulls(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, value === null && !MAY_BE_NULL.has(key) ? Number.NaN : value]));
}

/** An instance with its defaults: on, movable, of the plain class, without a place. */
export function readInstance(fields: Fields): Instance {
  const id = text(fields, "id", "each instance");
  const base = plainInstance(id, figure(fields, "vcpus", `instance ${id}`), figure(fields, "memoryMiB", `instance ${id}`), null);
  return { ...base, ...(withoutNulls(fields) as Partial<Instance>), id };
}

/**
 * Reads a snapshot from text: our own JSON (the fields of `ClusterSnapshot`; hosts need id, memoryMiB, cpuCores, instances id, vcpus,
 * memoryMiB, the rest has defaults), the generated clusters' JSON, or Ganeti's text form.
 */
export function readSnapshot(content: string): ClusterSnapshot {
  if (!content.trimStart().startsWith("{")) return readGaneti(content);
  const value = parseJson(content, "the snapshot");
  if (isClusterJson(value)) return readClusterJson(value);
  if (!isFields(value)) throw new Error("reading the snapshot: the file holds no JSON object");
  const hosts = list(value, "hosts").map(readHost);
  const instances = list(value, "instances").map(readInstance);
  const fault = findFault(value, SNAPSHOT_SCHEMA);
  if (fault !== null) throw new Error(`reading the snapshot: ${fault}; "npm run plan -- --schema" prints the format`);
  return {
    clusterId: "file",
    generation: 0,
    takenAtSeconds: 0,
    groups: [],
    hostRules: [],
    storagePools: [],
    ...(value as Partial<ClusterSnapshot>),
    policy: { ...FILE_POLICY, ...(isFields(value.policy) ? value.policy : {}) },
    hosts,
    instances,
  };
}

/** Reads orders: a JSON list of instances; `batch` beside their fields names a group that is placed as a whole. */
export function readOrders(content: string): PlacementOrder[] {
  const value = parseJson(content, "the orders");
  if (!Array.isArray(value) || !value.every(isFields)) throw new Error("reading the orders: the file must hold a list of instances");
  value.forEach((one, index) => {
    const fault = findFault(one, INSTANCE_SCHEMA, `order ${index + 1}`);
    if (fault !== null) throw new Error(`reading the orders: ${fault}`);
  });
  return value.map(({ batch, ...fields }) => ({ instance: readInstance(fields), batch: typeof batch === "string" ? batch : null }));
}
