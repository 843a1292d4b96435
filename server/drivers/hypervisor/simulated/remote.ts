import type { ClientRequest, IncomingMessage } from "node:http";
import { Agent, request as httpRequest } from "node:http";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { DriverErrorCode } from "../../errors";
import { DriverError } from "../../errors";
import type { DomainEvent, VolumeObservation } from "../types";
import type { CallName, PortOptions, WorldCalls, WorldPort } from "./port";
import { decode, encode, lines } from "./wire";

/** Left to the world to say by itself that the host was silent, before we say that the world is. */
const GRACE_MS = 5_000;
const DEFAULT_TIMEOUT_MS = 30_000;
const RECONNECT_MS = 250;
const LONG_CALLS = new Set<CallName>(["migrate", "dirtyRate", "startDomain", "stopDomain", "saveDomain", "restoreDomain"]);

interface FailureLine {
  readonly code: DriverErrorCode;
  readonly message: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** The port of a world that another process serves; `url` like `http://127.0.0.1:4300`. */
export function remoteWorld(url: string): WorldPort {
  const base = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  /** Calls that take as long as their work have connections of their own, so that they never keep a quick one waiting. */
  const longAgent = new Agent({ keepAlive: false });
  const stops = new Set<() => void>();

  const open = (path: string, headers: Record<string, string>, options: PortOptions, long: boolean): ClientRequest =>
    httpRequest({ host: base.hostname, port: base.port, path, method: "POST", agent: long ? longAgent : agent, headers, signal: options.signal });

  const exchange = async (outgoing: ClientRequest, send: () => Promise<void>, what: string, options: PortOptions): Promise<unknown> => {
    const timeoutMs = (options.timeoutMs ?? DEFAULT_TIMEOUT_MS) + GRACE_MS;
    const timer = setTimeout(() => outgoing.destroy(new DriverError("timeout", `"${what}": the simulated world at ${base.host} gave no answer within ${timeoutMs} ms.`)), timeoutMs);
    try {
      const answered = new Promise<IncomingMessage>((resolve, reject) => outgoing.once("response", resolve).once("error", reject));
      await Promise.all([send(), answered]);
      return await readAnswer(await answered, what, options);
    } catch (error) {
      if (error instanceof DriverError || options.signal?.aborted) throw error;
      throw new DriverError("unreachable", `"${what}": the simulated world at ${base.host} cannot be reached. Start it, or correct the address.`, {}, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    async call<K extends CallName>(name: K, hostName: string, input: WorldCalls[K]["input"], options: PortOptions = {}): Promise<WorldCalls[K]["output"]> {
      const body = encode({ name, hostName, input, timeoutMs: options.timeoutMs });
      const outgoing = open("/call", { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) }, options, LONG_CALLS.has(name));
      const answer = await exchange(outgoing, async () => void outgoing.end(body), name, options);
      return answer as WorldCalls[K]["output"];
    },

    async uploadVolume(hostName, pool, name, content, sizeBytes, options = {}) {
      const query = new URLSearchParams({ hostName, pool, name, sizeBytes: String(sizeBytes), ...(options.timeoutMs === undefined ? {} : { timeoutMs: String(options.timeoutMs) }) });
      const outgoing = open(`/upload?${query.toString()}`, { "transfer-encoding": "chunked" }, options, true);
      const answer = await exchange(outgoing, () => pipeline(content, outgoing), `upload of ${name}`, { timeoutMs: 600_000, ...options });
      return answer as VolumeObservation;
    },

    openSerial(hostName, instanceId, options = {}) {
      return new Promise<Duplex>((resolve, reject) => {
        const query = new URLSearchParams({ hostName, instanceId });
        const outgoing = httpRequest({ host: base.hostname, port: base.port, path: `/serial?${query.toString()}`, headers: { connection: "upgrade", upgrade: "berth-serial" }, signal: options.signal });
        outgoing.once("upgrade", (_response, socket, head: Buffer) => {
          if (head.length > 0) socket.unshift(head);
          resolve(socket);
        });
        outgoing.once("response", (response) => {
          readAnswer(response, "openSerial", {}).then(() => reject(new DriverError("failed", `The serial console of ${instanceId} could not be opened.`)), reject);
        });
        outgoing.once("error", (error) => reject(new DriverError("unreachable", `The simulated world at ${base.host} cannot be reached for the serial console of ${instanceId}.`, {}, { cause: error })));
        outgoing.end();
      });
    },

    watch(hostName, onEvent, onReconnect) {
      const stopped = new AbortController();
      void follow(base, hostName, stopped.signal, onEvent, onReconnect);
      const stop = (): void => {
        stops.delete(stop);
        stopped.abort();
      };
      stops.add(stop);
      return stop;
    },

    async close() {
      for (const stop of Array.from(stops)) stop();
      agent.destroy();
      longAgent.destroy();
    },
  };
}

/** Answers are lines: any number of `progress`, then one `value` or `failure`. */
async function readAnswer(response: IncomingMessage, what: string, options: PortOptions): Promise<unknown> {
  let answer: { readonly value: unknown } | null = null;
  // Read to the end, which follows at once: a response that is left unread costs its connection.
  for await (const line of lines(response)) {
    const message = decode(line) as { progress?: never; value?: unknown; failure?: FailureLine };
    if (message.failure) throw new DriverError(message.failure.code, message.failure.message, message.failure.detail);
    if (message.progress !== undefined) options.onProgress?.(message.progress);
    else answer = { value: message.value };
  }
  if (answer) return answer.value;
  throw new DriverError("unreachable", `"${what}": the simulated world closed the connection before it answered.`);
}

async function follow(base: URL, hostName: string, signal: AbortSignal, onEvent: (event: DomainEvent) => void, onReconnect: () => void): Promise<void> {
  let first = true;
  while (!signal.aborted) {
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const query = new URLSearchParams({ hostName });
        httpRequest({ host: base.hostname, port: base.port, path: `/events?${query.toString()}`, signal }).once("response", resolve).once("error", reject).end();
      });
      if (!first) onReconnect();
      first = false;
      for await (const line of lines(response)) {
        const message = decode(line) as { event?: DomainEvent; reconnected?: boolean };
        if (message.event) onEvent(message.event);
        else if (message.reconnected) onReconnect();
      }
    } catch (error) {
      // The world is away; it is asked again until somebody stops the watch.
      if (signal.aborted || !(error instanceof Error)) return;
      first = false;
    }
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS).unref());
  }
}
