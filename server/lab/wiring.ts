import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { bridgeName, type Layout } from "./layout";
import { command, tryCommand } from "./run-command";

function namespaceExists(name: string): boolean {
  return existsSync(`/run/netns/${name}`);
}

/** Runs several `ip` commands in one process, in one network namespace (the machine's own when null). */
async function ipBatch(namespace: string | null, lines: readonly string[]): Promise<void> {
  await command("ip", [...(namespace === null ? [] : ["-n", namespace]), "-batch", "-"], { input: `${lines.join("\n")}\n` });
}

async function linkExists(namespace: string | null, name: string): Promise<boolean> {
  const args = [...(namespace === null ? [] : ["-n", namespace]), "-o", "link", "show", "dev", name];
  return (await tryCommand("ip", args)).code === 0;
}

/** Makes an interface's absence of address detection explicit: a fresh veth would spend a second on IPv6 otherwise. */
const bridgeOptions = "type bridge forward_delay 0 stp_state 0";

/** The switch of the data centre: a bridge in a namespace of its own, with the machine plugged into it. */
async function wireHub(layout: Layout): Promise<void> {
  if (!namespaceExists(layout.hub)) await command("ip", ["netns", "add", layout.hub]);
  if (!(await linkExists(layout.hub, "br0"))) await ipBatch(layout.hub, ["link set lo up", `link add br0 ${bridgeOptions}`, "link set br0 up"]);
  if (await linkExists(null, layout.machineInterface)) {
    if (await linkExists(layout.hub, "mgmt")) return;
    throw new Error(`The interface ${layout.machineInterface} (network ${layout.subnet}.0/24) belongs to another lab on this machine. Choose another subnet index, or take that lab down first.`);
  }
  await ipBatch(null, [
    `link add ${layout.machineInterface} type veth peer name mgmt netns ${layout.hub}`,
    `addr add ${layout.gateway}/24 dev ${layout.machineInterface}`,
    `link set ${layout.machineInterface} up`,
  ]);
  await ipBatch(layout.hub, ["link set mgmt master br0 up"]);
}

/** One host's cable and its bridge for guests. The wiring stays while the host is off, as cables do. */
async function wireHost(layout: Layout, host: string): Promise<void> {
  const namespace = layout.namespace(host);
  if (!namespaceExists(namespace)) await command("ip", ["netns", "add", namespace]);
  if (!(await linkExists(namespace, bridgeName))) {
    await ipBatch(namespace, ["link set lo up", `link add ${bridgeName} ${bridgeOptions}`, `addr add ${layout.address(host)}/24 dev ${bridgeName}`, `link set ${bridgeName} up`]);
  }
  if (!(await linkExists(namespace, "eth0"))) {
    await ipBatch(namespace, [`link add eth0 type veth peer name ${layout.port(host)} netns ${layout.hub}`, `link set eth0 master ${bridgeName} up`]);
    await ipBatch(layout.hub, [`link set ${layout.port(host)} master br0 up`]);
  }
}

export async function wire(layout: Layout): Promise<void> {
  await wireHub(layout);
  await Promise.all(layout.hostNames.map((host) => wireHost(layout, host)));
}

export async function unwire(layout: Layout): Promise<void> {
  if (existsSync(`/sys/class/net/${layout.machineInterface}`) && (await linkExists(layout.hub, "mgmt"))) {
    await command("ip", ["link", "del", layout.machineInterface]);
  }
  for (const namespace of [...layout.hostNames.map((host) => layout.namespace(host)), layout.hub]) {
    if (namespaceExists(namespace)) await command("ip", ["netns", "del", namespace]);
  }
}

/** A pulled cable is remembered in a file: a host that is off has a dead port too, and it must not look cut off. */
function pulledMark(layout: Layout, host: string): string {
  return path.join(layout.hostDirectory(host), "unplugged");
}

export async function pullCable(layout: Layout, host: string): Promise<void> {
  await writeFile(pulledMark(layout, host), "");
  await command("ip", ["-n", layout.hub, "link", "set", layout.port(host), "down"]);
}

/** Plugs a host in again; the port of a host that is off comes up with its power. */
export async function plugCable(layout: Layout, host: string, powered: boolean): Promise<void> {
  await rm(pulledMark(layout, host), { force: true });
  if (powered) await command("ip", ["-n", layout.hub, "link", "set", layout.port(host), "up"]);
}

export async function cableState(layout: Layout, host: string): Promise<"connected" | "partitioned" | "absent"> {
  if (!(await linkExists(layout.hub, layout.port(host)))) return "absent";
  return existsSync(pulledMark(layout, host)) ? "partitioned" : "connected";
}
