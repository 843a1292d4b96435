import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { Duplex } from "node:stream";
import { DriverError } from "../../errors";
import type { CallName, WorldCalls } from "./port";
import { decode, encode } from "./wire";
import type { World } from "./world";

const MAX_CALL_BYTES = 4 * 1_048_576;

export interface ServedWorld {
  readonly url: string;
  /** `127.0.0.1:4300`, for `simulated://HOST@...`. */
  readonly address: string;
  close(): Promise<void>;
}

/** Serves a world to other processes on loopback; port 0 takes a free one. */
export async function serveWorld(world: World, options: { readonly port: number }): Promise<ServedWorld> {
  const server = createServer((request, response) => {
    handle(world, request, response).catch((error: unknown) => fail(response, error));
  });
  server.requestTimeout = 0;
  /** Serial ports: the server forgets a connection once it was upgraded. */
  const upgraded = new Set<Duplex>();
  server.on("upgrade", (request, socket) => {
    upgraded.add(socket);
    socket.on("close", () => upgraded.delete(socket));
    void openSerial(world, request, socket);
  });
  const port = await listen(server, options.port);
  const address = `127.0.0.1:${port}`;
  return {
    address,
    url: `http://${address}`,
    async close() {
      server.closeAllConnections();
      for (const socket of upgraded) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      world.close();
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      if (address !== null && typeof address === "object") resolve(address.port);
      else reject(new Error("The simulated world got no port to listen on."));
    });
  });
}

async function handle(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Only browsers send it: a web page must not play fate through a visitor's loopback.
  if (request.headers.origin !== undefined) throw new DriverError("refused", "The simulated world does not talk to web pages.");
  const url = new URL(request.url ?? "/", "http://world");
  const parameter = (name: string): string => url.searchParams.get(name) ?? "";
  switch (url.pathname) {
    case "/health":
      response.end(`${encode({ value: { hosts: world.status().hosts.length } })}\n`);
      return;
    case "/call": {
      const { name, hostName, input, timeoutMs } = decode(await readBody(request)) as { name: CallName; hostName: string; input: WorldCalls[CallName]["input"]; timeoutMs?: number };
      const value = await world.port.call(name, hostName, input, { timeoutMs, onProgress: (progress) => response.write(`${encode({ progress })}\n`) });
      response.end(`${encode({ value })}\n`);
      return;
    }
    case "/upload": {
      const timeoutMs = url.searchParams.has("timeoutMs") ? Number(parameter("timeoutMs")) : undefined;
      const value = await world.port.uploadVolume(parameter("hostName"), parameter("pool"), parameter("name"), request, Number(parameter("sizeBytes")), { timeoutMs });
      response.end(`${encode({ value })}\n`);
      return;
    }
    case "/events": {
      response.flushHeaders();
      const stop = world.port.watch(
        parameter("hostName"),
        (event) => response.write(`${encode({ event })}\n`),
        () => response.write(`${encode({ reconnected: true })}\n`),
      );
      response.on("close", stop);
      return;
    }
    default:
      throw new DriverError("invalid", `The simulated world does not serve ${url.pathname}.`);
  }
}

/** The port's failures travel with their code; anything else is our own mistake and says so. */
function failureLine(error: unknown): string {
  const failure =
    error instanceof DriverError
      ? { code: error.code, message: error.message, detail: error.detail }
      : { code: "failed", message: `The simulated world failed: ${error instanceof Error ? error.message : String(error)}`, detail: {} };
  return `${encode({ failure })}\n`;
}

function fail(response: ServerResponse, error: unknown): void {
  if (!response.writableEnded) response.end(failureLine(error));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!(chunk instanceof Buffer)) continue;
    size += chunk.length;
    if (size > MAX_CALL_BYTES) throw new DriverError("invalid", `A call is larger than ${MAX_CALL_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function openSerial(world: World, request: IncomingMessage, socket: Duplex): Promise<void> {
  socket.on("error", () => socket.destroy());
  const query = new URL(request.url ?? "/", "http://world").searchParams;
  try {
    const serial = await world.port.openSerial(query.get("hostName") ?? "", query.get("instanceId") ?? "");
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: berth-serial\r\n\r\n");
    serial.on("error", () => socket.destroy());
    // An HTTP server's sockets stay half open; the end of either side is the end of both.
    socket.on("end", () => serial.destroy()).on("close", () => serial.destroy());
    serial.on("close", () => socket.destroy());
    serial.pipe(socket).pipe(serial);
  } catch (error) {
    socket.end(`HTTP/1.1 409 Conflict\r\nConnection: close\r\n\r\n${failureLine(error)}`);
  }
}
