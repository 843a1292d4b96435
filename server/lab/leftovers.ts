import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import type { Layout } from "./layout";
import { commandLineOf, environmentOf, findProcesses, networkNamespaceOf } from "./processes";
import type { Leftover } from "./types";

/** PIDs of everything that belongs to a lab: by the mark in its environment, or by the network namespace it is in. */
export function labProcesses(layout: Layout): readonly number[] {
  const namespaces = new Set(
    [layout.hub, ...layout.hostNames.map((host) => layout.namespace(host))]
      .map((name) => `/run/netns/${name}`)
      .filter((file) => existsSync(file))
      .map((file) => `net:[${statSync(file).ino}]`),
  );
  const mark = `BERTH_LAB=${layout.options.name}`;
  return findProcesses((pid) => namespaces.has(networkNamespaceOf(pid) ?? "") || environmentOf(pid).split("\0").includes(mark));
}

/** Everything on the machine that the lab still has. Empty after `down()`. */
export function findLeftovers(layout: Layout): readonly Leftover[] {
  const { name, directory } = layout.options;
  const namespaces = existsSync("/run/netns") ? readdirSync("/run/netns").filter((entry) => isOf(entry, name)) : [];
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((point) => point === directory || point.startsWith(`${directory}/`));
  const cgroups = existsSync("/sys/fs/cgroup")
    ? ["/sys/fs/cgroup", ...readdirSync("/sys/fs/cgroup").map((entry) => path.join("/sys/fs/cgroup", entry))]
        .filter((folder) => statSync(folder).isDirectory())
        .flatMap((folder) => readdirSync(folder).filter((entry) => isOf(entry, name)).map((entry) => path.join(folder, entry)))
    : [];
  return [
    ...labProcesses(layout).map((pid): Leftover => ({ kind: "process", what: `${pid} ${commandLineOf(pid).slice(0, 120)}` })),
    ...namespaces.map((what): Leftover => ({ kind: "namespace", what })),
    ...(existsSync(`/sys/class/net/${layout.machineInterface}`) ? [{ kind: "interface", what: layout.machineInterface } as const] : []),
    ...mounts.map((what): Leftover => ({ kind: "mount", what })),
    ...cgroups.map((what): Leftover => ({ kind: "cgroup", what })),
    ...(existsSync(path.join(directory, "hosts")) ? [{ kind: "file", what: path.join(directory, "hosts") } as const] : []),
  ];
}

/** "demo" must not claim what belongs to a lab named "demo-2": only `berth-demo-hub` and `berth-demo-hN` are its own. */
function isOf(entry: string, name: string): boolean {
  return entry.startsWith(`berth-${name}-`) && /^(hub|h\d)$/.test(entry.slice(`berth-${name}-`.length));
}
