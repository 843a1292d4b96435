import { connect } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Layout } from "./layout";
import { type ProcessIdentity, readIdentity } from "./processes";
import { command, tryCommand, waitUntil } from "./run-command";

export const powerScript = fileURLToPath(new URL("./host-power.sh", import.meta.url));

/** A cold boot of libvirtd takes 0.3 s on a free machine; the bound is for a machine that does ten other things. */
const bootTimeoutMs = 90_000;

/** The host's pid 1, null while it is off. */
export function hostInit(layout: Layout, host: string): ProcessIdentity | null {
  return readIdentity(path.join(layout.hostDirectory(host), "init"));
}

export async function switchHost(layout: Layout, host: string, state: "on" | "off"): Promise<void> {
  const result = await tryCommand("sh", [powerScript, state, layout.hostDirectory(host)], { timeoutMs: 60_000, env: labMark(layout) });
  if (result.code !== 0) throw new Error(`Lab host ${host} could not be switched ${state}: ${result.stderr.trim() || `code ${result.code}`}`);
}

/** Marks every process of a lab, so that it can be found again by a later command that knows only the lab's name. */
export function labMark(layout: Layout): Readonly<Record<string, string>> {
  return { BERTH_LAB: layout.options.name };
}

/** True when something accepts a TCP connection within `timeoutMs`. */
export async function answers(address: string, port: number, timeoutMs: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const finish = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(timeoutMs, () => finish(false));
    socket.on("connect", () => finish(true));
    socket.on("error", () => finish(false));
  });
}

/** Waits inside the host for its storage pool: libvirtd listens a moment before its pools are active. */
export async function waitForHost(layout: Layout, host: string): Promise<void> {
  const log = path.join(layout.hostDirectory(host), "log", "init.log");
  await waitUntil(`libvirtd of lab host ${host} answers on ${layout.address(host)}:16509 (its log: ${log})`, bootTimeoutMs, () => {
    if (hostInit(layout, host) === null) throw new Error(`Lab host ${host} went off while it booted; its log: ${log}`);
    return answersInside(layout, host);
  });
}

/** A connection tried from inside the host's own network, so that a pulled cable does not look like a dead libvirtd. */
async function answersInside(layout: Layout, host: string): Promise<boolean> {
  const probe = await tryCommand("nsenter", [`--net=/run/netns/${layout.namespace(host)}`, "bash", "-c", `exec 3<>/dev/tcp/${layout.address(host)}/16509`], { timeoutMs: 10_000 });
  return probe.code === 0;
}

/** Runs a command inside the host's namespaces. */
export async function runInHost(layout: Layout, host: string, words: readonly string[]): Promise<string> {
  const init = hostInit(layout, host);
  if (init === null) throw new Error(`Lab host ${host} is off, so nothing can be run in it. Switch it on with "npm run lab -- wake ${host}".`);
  return await command("nsenter", ["-t", String(init.pid), "--all", "--", ...words], { env: labMark(layout) });
}
