import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type { HostEndpoint, HypervisorDriver, HypervisorHost } from "@/server/drivers/hypervisor/types";
import { ByteReader } from "./byte-reader";
import type { ClipboardState } from "./clipboard-hold";
import { signInUpstream } from "./rfb-handshake";
import type { InstancePlace } from "./store";

/** What a screen's server may say during its handshake. */
const MAX_HANDSHAKE_BYTES = 65_536;

/** The machine's side, ready to carry bytes; paused. */
export interface Upstream {
  readonly stream: Duplex;
  /** Bytes that came with the end of the handshake. */
  readonly head: Buffer;
  /** How the guest's end of the clipboard stands; absent where the screen has none. */
  readonly clipboardState?: () => Promise<ClipboardState>;
}

/** Connections to hosts by address, made when first needed. */
export class HostDirectory {
  private readonly hosts = new Map<string, HypervisorHost>();

  constructor(
    private readonly driverFor: (uri: string) => HypervisorDriver,
    private readonly tls: HostEndpoint["tls"],
  ) {}

  at(place: InstancePlace): HypervisorHost {
    const known = this.hosts.get(place.hostId);
    if (known?.endpoint.uri === place.uri) return known;
    void known?.close();
    const host = this.driverFor(place.uri).connect({
      hostId: place.hostId,
      uri: place.uri,
      managementAddress: place.managementAddress,
      ...(this.tls && place.uri.startsWith("tls://") ? { tls: this.tls } : {}),
    });
    this.hosts.set(place.hostId, host);
    return host;
  }

  async close(): Promise<void> {
    await Promise.all([...this.hosts.values()].map((host) => host.close()));
    this.hosts.clear();
  }
}

/** `clipboard`: texts may go in or out, so the machine needs a channel for them. */
export async function openUpstream(host: HypervisorHost, instanceId: string, kind: "vnc" | "serial", timeoutMs: number, clipboard = false): Promise<Upstream> {
  const signal = AbortSignal.timeout(timeoutMs);
  if (kind === "serial") {
    const stream = await host.openSerial(instanceId, { timeoutMs });
    stream.pause();
    return { stream, head: Buffer.alloc(0) };
  }
  const endpoint = await host.screenEndpoint(instanceId, { timeoutMs, clipboard });
  const socket = connect({ host: endpoint.host, port: endpoint.port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 5_000 });
  const reader = new ByteReader(MAX_HANDSHAKE_BYTES);
  const detach = reader.attach(socket);
  const giveUp = (): void => reader.fail(new Error(`the screen at ${endpoint.host}:${endpoint.port} did not answer within ${timeoutMs} ms`));
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    await signInUpstream(reader, socket, endpoint.password);
    detach();
    return { stream: socket, head: reader.rest(), ...(endpoint.clipboard ? { clipboardState: () => host.clipboardState(instanceId, { timeoutMs }) } : {}) };
  } catch (error) {
    detach();
    socket.on("error", () => undefined);
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
