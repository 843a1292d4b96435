import { existsSync } from "node:fs";
import { bridgeName, type Layout } from "./layout";
import { command, tryCommand } from "./run-command";

const exists = (namespace: string): boolean => existsSync(`/run/netns/${namespace}`);

async function bridge(namespace: string, name: string): Promise<void> {
  await command("ip", ["-n", namespace, "link", "add", name, "type", "bridge", "forward_delay", "0", "stp_state", "0"]);
  await command("ip", ["-n", namespace, "link", "set", name, "up"]);
}

/** The switch in the middle, with one cable to the machine itself. */
async function ensureHub(layout: Layout): Promise<void> {
  const { hub, machineInterface } = layout;
  const complete = exists(hub) && (await tryCommand("ip", ["link", "show", machineInterface])).code === 0;
  if (complete) return;
  await removeNamespace(hub);
  await command("ip", ["netns", "add", hub]);
  await command("ip", ["-n", hub, "link", "set", "lo", "up"]);
  await bridge(hub, bridgeName);
  await command("ip", ["link", "add", machineInterface, "type", "veth", "peer", "name", "machine", "netns", hub]);
  await command("ip", ["-n", hub, "link", "set", "machine", "master", bridgeName, "up"]);
  await command("ip", ["addr", "add", `${layout.gateway}/24`, "dev", machineInterface]);
  await command("ip", ["link", "set", machineInterface, "up"]);
}

/** One host's network: a cable to the hub and a bridge for its guests, which has the host's address. */
async function ensureHostNetwork(layout: Layout, host: string): Promise<void> {
  const namespace = layout.namespace(host);
  const plugged = exists(namespace) && (await tryCommand("ip", ["-n", layout.hub, "link", "show", layout.port(host)])).code === 0;
  if (plugged) return;
  await removeNamespace(namespace);
  await command("ip", ["netns", "add", namespace]);
  await command("ip", ["-n", namespace, "link", "set", "lo", "up"]);
  await command("ip", ["-n", namespace, "link", "add", "eth0", "type", "veth", "peer", "name", layout.port(host), "netns", layout.hub]);
  await command("ip", ["-n", layout.hub, "link", "set", layout.port(host), "master", bridgeName, "up"]);
  await bridge(namespace, bridgeName);
  await command("ip", ["-n", namespace, "link", "set", "eth0", "master", bridgeName, "up"]);
  await command("ip", ["-n", namespace, "addr", "add", `${layout.address(host)}/24`, "dev", bridgeName]);
}

/** Builds what is missing of the lab's network; keeps what is there. */
export async function ensureNetwork(layout: Layout): Promise<void> {
  await ensureHub(layout);
  for (const host of layout.hostNames) await ensureHostNetwork(layout, host);
}

async function removeNamespace(name: string): Promise<void> {
  if (exists(name)) await command("ip", ["netns", "del", name]);
}

/** Takes the network apart; safe when parts are gone. */
export async function removeNetwork(layout: Layout): Promise<void> {
  await tryCommand("ip", ["link", "del", layout.machineInterface]);
  for (const host of layout.hostNames) await removeNamespace(layout.namespace(host));
  await removeNamespace(layout.hub);
}

/** Plugs or pulls a host's cable, on the hub's side: the host itself keeps its address and its guests. */
export async function setCable(layout: Layout, host: string, plugged: boolean): Promise<void> {
  await command("ip", ["-n", layout.hub, "link", "set", layout.port(host), plugged ? "up" : "down"]);
}

export async function linkState(layout: Layout, host: string): Promise<"connected" | "partitioned" | "absent"> {
  if (!exists(layout.hub)) return "absent";
  const shown = await tryCommand("ip", ["-n", layout.hub, "-br", "link", "show", layout.port(host)]);
  if (shown.code !== 0) return "absent";
  // "UP" of the interface's own flags: the far end of a powered-off host may still be there.
  return /[<,]UP[,>]/.test(shown.stdout) ? "connected" : "partitioned";
}
