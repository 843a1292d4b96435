import { DriverError } from "../../errors";
import type { CallOptions } from "../types";
import { isLibvirtError, LIBVIRT_ERROR } from "./errors";
import type { HostLink } from "./link";
import { describeDomain, needRunning } from "./lookup";
import type { RpcConnection } from "./rpc/connection";
import { procedures } from "./rpc/procedures";
import type { DomainRef } from "./rpc/structures";
import { readXml, type XmlNode } from "./xml-read";
import { element, writeXml } from "./xml-write";

/** The name by which spice-vdagent in the guest finds its channel. */
const CHANNEL_NAME = "com.redhat.spice.0";
const AFFECT_LIVE = 1;
/** The guest's kernel lets go of a port in milliseconds; a busy one under emulation gets this long. */
const DETACH_TIMEOUT_MS = 15_000;
const ATTACH_TIMEOUT_MS = 10_000;
const LOOK_AGAIN_MS = 50;

/**
 * QEMU's own end of the clipboard: what a viewer copies goes to the guest's agent, and back. Its character device blocks moves and saving in
 * QEMU 7.2, so it is no part of the definition: it is plugged in when a screen is opened, and out before a move or a save.
 */
const channelXml = writeXml(
  element("channel", { type: "qemu-vdagent" },
    element("source", {}, element("clipboard", { copypaste: "yes" }), element("mouse", { mode: "client" })),
    element("target", { type: "virtio", name: CHANNEL_NAME }),
  ),
);

function hasChannel(domain: XmlNode): boolean {
  return domain.at("devices").all("channel").some((channel) => channel.at("target").attribute("name") === CHANNEL_NAME);
}

/** Whether the guest may have a clipboard now. A machine that cannot have one (it is being moved) is seen without. */
export async function plugClipboard(link: HostLink, dom: DomainRef, domain: XmlNode, options?: CallOptions): Promise<boolean> {
  if (hasChannel(domain)) return true;
  try {
    await link.heavyCall(procedures.domainAttachDevice, { dom, xml: channelXml, flags: AFFECT_LIVE }, ATTACH_TIMEOUT_MS, options);
    return true;
  } catch (error) {
    // Two screens that are opened at once: the other one was faster. Whatever else it is, a picture without a clipboard is better than none.
    if (!(error instanceof DriverError)) throw error;
    return hasChannel(await describeDomain(link, dom, options));
  }
}

/** How the guest's end stands: the host knows whether somebody in the guest has the channel open. */
export async function clipboardState(link: HostLink, instanceId: string, options?: CallOptions): Promise<"open" | "waiting" | "none"> {
  const dom = await needRunning(link, instanceId, "the clipboard", options);
  const domain = await describeDomain(link, dom, options);
  const channel = domain.at("devices").all("channel").find((one) => one.at("target").attribute("name") === CHANNEL_NAME);
  if (!channel) return "none";
  return channel.at("target").attribute("state") === "connected" ? "open" : "waiting";
}

/** Takes the clipboard's channel out, where there is one, and waits until it is gone: a move or a save is refused before that. */
export async function unplugClipboard(connection: RpcConnection, dom: DomainRef): Promise<void> {
  const describe = async (): Promise<XmlNode> => readXml((await connection.call(procedures.domainGetXml, { dom, flags: 0 }, { timeoutMs: ATTACH_TIMEOUT_MS })).value, `the domain "${dom.name}"`).at("domain");
  if (!hasChannel(await describe())) return;
  const deadline = performance.now() + DETACH_TIMEOUT_MS;
  try {
    await connection.call(procedures.domainDetachDevice, { dom, xml: channelXml, flags: AFFECT_LIVE }, { timeoutMs: DETACH_TIMEOUT_MS });
  } catch (error) {
    // It went between the look and the order.
    if (!isLibvirtError(error, LIBVIRT_ERROR.deviceMissing)) throw error;
  }
  while (hasChannel(await describe())) {
    if (performance.now() > deadline) {
      throw new DriverError("failed", `the clipboard's channel of "${dom.name}" could not be taken out within ${DETACH_TIMEOUT_MS} ms: its guest does not let go of it. It goes on where it is; try again, or close its screens first`, { instanceId: dom.name });
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}
