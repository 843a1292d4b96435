import type { Duplex } from "node:stream";
import { DriverError } from "../../errors";
import type { CallOptions, ScreenEndpoint, ScreenOptions } from "../types";
import { plugClipboard } from "./clipboard";
import type { HostLink } from "./link";
import { describeDomain, needRunning } from "./lookup";
import { procedures } from "./rpc/procedures";
import { RpcStream } from "./rpc/stream";

/** A healthy agent answers in milliseconds; one that is stopped never does. */
const AGENT_TIMEOUT_MS = 5000;
/** Takes the console over from whoever has it: a viewer that went away without a word must not lock everybody out. */
const CONSOLE_FORCE = 1;
/** libvirtd counts whole seconds and takes its time to answer; our own bound comes after the host's. */
const HOST_MARGIN_MS = 1000;

export async function agentCommand(
  link: HostLink,
  instanceId: string,
  command: string,
  args: Readonly<Record<string, unknown>> | undefined,
  options?: CallOptions,
): Promise<unknown> {
  const dom = await needRunning(link, instanceId, `the guest-agent command ${command}`, options);
  const timeoutMs = options?.timeoutMs ?? AGENT_TIMEOUT_MS;
  // libvirtd first greets the agent (5 s by default), then asks. Both share our bound: a command that goes on at the host
  // after we gave up stands before every later one, and a guest that boots for ten seconds collects a minute of them.
  const seconds = Math.max(1, Math.floor(timeoutMs / 2000));
  // A connection of its own: a guest that does not answer must not keep a place that other work needs.
  const connection = await link.dedicated();
  try {
    await connection.call(procedures.domainAgentSetTimeout, { dom, seconds, flags: 0 }, { timeoutMs: timeoutMs + HOST_MARGIN_MS, signal: options?.signal });
    const { result } = await connection.call(procedures.agentCommand, {
      dom,
      command: JSON.stringify(args === undefined ? { execute: command } : { execute: command, arguments: args }),
      timeoutSeconds: seconds,
      flags: 0,
    }, { timeoutMs: timeoutMs + HOST_MARGIN_MS, signal: options?.signal });
    return parseAnswer(result, command, instanceId);
  } finally {
    connection.close();
  }
}

function parseAnswer(result: string | null, command: string, instanceId: string): unknown {
  try {
    const answer: unknown = JSON.parse(result ?? "{}");
    return typeof answer === "object" && answer !== null && "return" in answer ? answer.return : null;
  } catch (cause) {
    throw new DriverError("failed", `the guest agent of "${instanceId}" answered ${command} with something that is not JSON`, { instanceId, result: result?.slice(0, 500) }, { cause });
  }
}

const LOOPBACK = /^(127\.|::1$|localhost$)/;
const ANY_ADDRESS = new Set(["0.0.0.0", "::", ""]);

export async function screenEndpoint(link: HostLink, instanceId: string, options?: ScreenOptions): Promise<ScreenEndpoint> {
  const dom = await needRunning(link, instanceId, "the screen", options);
  const domain = await describeDomain(link, dom, options);
  const graphics = domain.at("devices").all("graphics").find((node) => node.attribute("type") === "vnc");
  const port = Number(graphics?.attribute("port") ?? "-1");
  if (graphics === undefined || port <= 0) throw new DriverError("unsupported", `"${instanceId}" on ${link.endpoint.uri} has no screen`, { instanceId });
  const listen = graphics.attribute("listen") ?? graphics.at("listen").attribute("address") ?? "";
  const { managementAddress } = link.endpoint;
  if (LOOPBACK.test(listen) && !LOOPBACK.test(managementAddress)) {
    throw new DriverError("unsupported", `the screen of "${instanceId}" listens on ${listen} of ${link.endpoint.uri} only; set vnc_listen = "${managementAddress}" in that host's qemu.conf and start the machine again`, { instanceId, listen });
  }
  const clipboard = options?.clipboard === true && (await plugClipboard(link, dom, domain, options));
  return { protocol: "vnc", host: ANY_ADDRESS.has(listen) ? managementAddress : listen, port, password: graphics.attribute("passwd"), clipboard };
}

/** The stream owns its connection: destroying it frees the console. */
export async function openSerial(link: HostLink, instanceId: string, options?: CallOptions): Promise<Duplex> {
  const dom = await needRunning(link, instanceId, "the serial console", options);
  const connection = await link.dedicated();
  try {
    return await RpcStream.open(connection, procedures.domainOpenConsole, { dom, device: null, flags: CONSOLE_FORCE }, {
      timeoutMs: options?.timeoutMs ?? link.options.callTimeoutMs,
      signal: options?.signal,
    });
  } catch (error) {
    connection.close();
    throw error;
  }
}
