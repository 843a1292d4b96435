import type { ClusterSnapshot } from "../types";
import { FILE_POLICY, plainHost, plainInstance, type Loads } from "./read-cluster-json";

/**
 * Ganeti's text form: sections parted by empty lines; groups, nodes, instances, tags, policies; fields by `|`.
 * Node: name|total memory|memory of the node|free|disk|free|cpus|offline flag (Y)|group...
 * Instance: name|memory|disk|vcpus|status|auto|node|...
 */
export function readGaneti(text: string): ClusterSnapshot {
  const sections = text.split(/\n\n/).map((section) => section.split("\n").filter((line) => line.trim() !== ""));
  const nodeLines = sections[1] ?? [];
  if (sections.length < 3 || nodeLines.some((line) => line.split("|").length < 8)) {
    throw new Error("reading the cluster: neither JSON nor Ganeti's text form (groups, nodes, instances, parted by empty lines, fields by |)");
  }
  const hosts = nodeLines.map((line) => {
    const [name = "", total, system, , , , cpus, offline] = line.split("|");
    const host = plainHost(name, Number(total), Number(system), Number(cpus));
    return offline === "Y" ? { ...host, state: "down" as const } : host;
  });
  const instances = (sections[2] ?? []).map((line) => {
    const [name = "", memory, , vcpus, status = "", , node = ""] = line.split("|");
    const instance = plainInstance(name, Number(vcpus), Number(memory), node === "" ? null : node);
    return status.startsWith("ADMIN") ? { ...instance, wanted: "off" as const } : instance;
  });
  return {
    clusterId: "file",
    generation: 0,
    takenAtSeconds: 0,
    hosts,
    instances,
    groups: [],
    hostRules: [],
    storagePools: [],
    policy: { ...FILE_POLICY, cpuRatio: vcpuRatio(text) ?? FILE_POLICY.cpuRatio },
  };
}

/** The policy line ends with `|vcpu-ratio|spindle-ratio`. */
function vcpuRatio(text: string): number | null {
  const line = text.split("\n").findLast((one) => one.startsWith("|") && one.split("|").length >= 5);
  const ratio = Number(line?.split("|").at(-2));
  return Number.isFinite(ratio) && ratio > 0 ? ratio : null;
}

/** A `-U` file: `name cpu memory disk net` a line. */
export function readLoads(text: string): Loads {
  const loads: Loads = {};
  for (const line of text.split("\n")) {
    const [name, cpu, memory, disk, net] = line.trim().split(/\s+/);
    if (name === undefined || name === "") continue;
    const row: [number, number, number, number] = [Number(cpu), Number(memory), Number(disk), Number(net)];
    if (row.some((one) => !Number.isFinite(one) || one < 0)) throw new Error(`reading the loads: "${line}" is not "name cpu memory disk net" with four amounts`);
    loads[name] = row;
  }
  return loads;
}
