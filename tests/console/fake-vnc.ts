import type { Server, Socket } from "node:net";
import { createServer } from "node:net";
import { DriverError } from "@/server/drivers/errors";
import type { HypervisorDriver, HypervisorHost } from "@/server/drivers/hypervisor/types";
import { answerChallenge } from "@/server/console/rfb-handshake";

/** A VNC server that records what it gets and can pour out bytes; with a password it asks for it. */
export interface FakeVnc {
  readonly port: number;
  readonly sockets: Socket[];
  /** Everything after ClientInit. */
  readonly input: () => Buffer;
  readonly sharedFlags: number[];
  close(): Promise<void>;
}

export async function startFakeVnc(options: { readonly password?: string; readonly version?: string } = {}): Promise<FakeVnc> {
  const sockets: Socket[] = [];
  const received: Buffer[] = [];
  const sharedFlags: number[] = [];
  const challenge = Buffer.from("0123456789abcdef");
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    let stage = 0;
    let pending = Buffer.alloc(0);
    socket.on("error", () => socket.destroy());
    socket.write(options.version ?? "RFB 003.008\n");
    socket.on("data", (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      const take = (bytes: number): Buffer | null => {
        if (pending.length < bytes) return null;
        const part = pending.subarray(0, bytes);
        pending = pending.subarray(bytes);
        return part;
      };
      for (;;) {
        if (stage === 0) {
          if (!take(12)) return;
          socket.write(Buffer.from([1, options.password === undefined ? 1 : 2]));
          stage = 1;
        } else if (stage === 1) {
          if (!take(1)) return;
          stage = options.password === undefined ? 3 : 2;
          socket.write(stage === 3 ? Buffer.alloc(4) : challenge);
        } else if (stage === 2) {
          const answer = take(16);
          if (!answer) return;
          const right = answer.equals(answerChallenge(challenge, options.password ?? ""));
          socket.write(Buffer.from([0, 0, 0, right ? 0 : 1]));
          stage = 3;
        } else if (stage === 3) {
          const init = take(1);
          if (!init) return;
          sharedFlags.push(init[0] ?? 255);
          const serverInit = Buffer.alloc(24 + 4);
          serverInit.writeUInt16BE(640, 0);
          serverInit.writeUInt16BE(480, 2);
          serverInit.set([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0], 4);
          serverInit.writeUInt32BE(4, 20);
          serverInit.write("fake", 24);
          socket.write(serverInit);
          stage = 4;
        } else {
          if (pending.length > 0) received.push(pending);
          pending = Buffer.alloc(0);
          return;
        }
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : 0,
    sockets,
    input: () => Buffer.concat(received),
    sharedFlags,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A driver that knows one screen and nothing else. */
export function screenOnlyDriver(screen: { readonly port: number; readonly password: string | null }): HypervisorDriver {
  const unsupported = (): never => {
    throw new DriverError("unsupported", "This driver has a screen and nothing else.");
  };
  return {
    kind: "simulated",
    connect: (endpoint): HypervisorHost =>
      new Proxy({} as HypervisorHost, {
        get(_target, property) {
          if (property === "endpoint") return endpoint;
          if (property === "screenEndpoint") return async () => ({ protocol: "vnc", host: "127.0.0.1", clipboard: false, ...screen });
          if (property === "close") return async () => undefined;
          return unsupported;
        },
      }),
  };
}
