import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { DriverError } from "../../../errors";
import type { HostEndpoint } from "../../types";

/** Where and how one host is reached, parsed from `HostEndpoint.uri`. */
export interface Target {
  readonly kind: "tcp" | "tls" | "unix";
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** What to open behind the connection; `qemu:///system` unless the endpoint's `?name=` says otherwise. */
  readonly connectName: string;
}

const DEFAULT_PORT = { tcp: 16509, tls: 16514 } as const;

export function parseTarget(uri: string): Target {
  let url: URL;
  try {
    url = new URL(uri);
  } catch (cause) {
    throw new DriverError("invalid", `the host address "${uri}" is not a URI; write tcp://host:16509, tls://host:16514 or unix:///path/to/libvirt-sock`, { uri }, { cause });
  }
  const kind = url.protocol.replace(/:$/, "");
  const connectName = url.searchParams.get("name") ?? "qemu:///system";
  if (kind === "unix") return { kind, host: "", port: 0, path: decodeURIComponent(url.pathname), connectName };
  if (kind !== "tcp" && kind !== "tls") {
    throw new DriverError("invalid", `the host address "${uri}" has the unknown scheme "${kind}"; write tcp://, tls:// or unix://`, { uri });
  }
  // URLs keep the brackets of IPv6 literals; sockets want them without.
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (host === "") throw new DriverError("invalid", `the host address "${uri}" names no host`, { uri });
  return { kind, host, port: url.port === "" ? DEFAULT_PORT[kind] : Number(url.port), path: "", connectName };
}

const REFUSED_BY_PEER = /CERT|certificate|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME|alert|SSL|TLS/i;

function connectError(endpoint: HostEndpoint, error: Error & { code?: string }): DriverError {
  const certificate = error.code !== undefined && REFUSED_BY_PEER.test(error.code);
  return certificate
    ? new DriverError("refused", `the certificates of ${endpoint.uri} and of this control plane do not fit: ${error.message}; check the CA and the names in both certificates`, { uri: endpoint.uri, code: error.code }, { cause: error })
    : new DriverError("unreachable", `no connection to ${endpoint.uri}: ${error.message}`, { uri: endpoint.uri, code: error.code }, { cause: error });
}

function openSocket(endpoint: HostEndpoint, target: Target): { socket: Socket; readyEvent: string } {
  if (target.kind === "unix") return { socket: connectTcp({ path: target.path }), readyEvent: "connect" };
  if (target.kind === "tcp") return { socket: connectTcp({ host: target.host, port: target.port, noDelay: true }), readyEvent: "connect" };
  if (endpoint.tls === undefined) {
    throw new DriverError("invalid", `${endpoint.uri} needs certificates (CA, certificate, key) and the endpoint has none`, { uri: endpoint.uri });
  }
  const socket = connectTls({
    host: target.host,
    port: target.port,
    ca: endpoint.tls.ca,
    cert: endpoint.tls.certificate,
    key: endpoint.tls.key,
    minVersion: "TLSv1.2",
    rejectUnauthorized: true,
    ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
  });
  socket.setNoDelay(true);
  return { socket, readyEvent: "secureConnect" };
}

function openSocketOrExplain(endpoint: HostEndpoint, target: Target): { socket: Socket; readyEvent: string } {
  try {
    return openSocket(endpoint, target);
  } catch (cause) {
    if (cause instanceof DriverError) throw cause;
    // Node reads the PEM texts before it opens anything.
    throw new DriverError("invalid", `the certificates for ${endpoint.uri} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}; give CA, certificate and key as PEM texts`, { uri: endpoint.uri }, { cause });
  }
}

/** libvirtd sends this one byte when it has accepted the client's certificate; a close before it is a refusal. */
const TLS_ACCEPTED = 1;

/**
 * Opens the socket and, over TLS, waits for the server's word that our certificate was accepted. `timeoutMs`
 * bounds all of it. The socket comes back paused: attach a reader, then resume it.
 */
export function openTransport(endpoint: HostEndpoint, target: Target, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const { socket, readyEvent } = openSocketOrExplain(endpoint, target);
    let secured = false;
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      act();
    };
    const fail = (error: DriverError): void => settle(() => {
      // A socket that is being destroyed may still report; nobody is interested any more.
      socket.on("error", () => undefined);
      socket.destroy();
      reject(error);
    });
    const done = (): void => settle(() => {
      socket.pause();
      resolve(socket);
    });
    const timer = setTimeout(() => {
      fail(new DriverError("unreachable", `no connection to ${endpoint.uri} within ${timeoutMs} ms`, { uri: endpoint.uri, timeoutMs }));
    }, timeoutMs);
    socket.on("error", (error: Error) => fail(secured && target.kind === "tls" ? refusedByHost(endpoint, error) : connectError(endpoint, error)));
    socket.on("close", () => fail(secured ? refusedByHost(endpoint, null) : connectError(endpoint, new Error("the host closed the connection"))));
    socket.on(readyEvent, () => {
      if (target.kind !== "tls") return done();
      secured = true;
      socket.once("readable", () => {
        const first: unknown = socket.read(1);
        if (Buffer.isBuffer(first) && first[0] === TLS_ACCEPTED) return done();
        if (first !== null) fail(refusedByHost(endpoint, null));
      });
    });
  });
}

function refusedByHost(endpoint: HostEndpoint, cause: Error | null): DriverError {
  return new DriverError(
    "refused",
    `${endpoint.uri} did not accept this control plane's certificate; it must be signed by the host's CA and its name must be in the host's tls_allowed_dn_list`,
    { uri: endpoint.uri },
    cause === null ? undefined : { cause },
  );
}
