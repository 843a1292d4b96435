import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Who means to listen where: one file `port.pid` a claim, because some seconds lie between choosing a port and listening on it. */
const CLAIMS = join(tmpdir(), "berth-ports");

/**
 * A port on 127.0.0.1 where nobody listens and that no other demo that is starting has chosen: the preferred one, or any.
 * It is this process's until it ends.
 */
export async function claimPort(preferred: number): Promise<number> {
  for (let port = preferred; ; port = await anyFreePort()) if (claim(port) && (await isFree(port))) return port;
}

function claim(port: number): boolean {
  mkdirSync(CLAIMS, { recursive: true });
  const own = join(CLAIMS, `${port}.${process.pid}`);
  writeFileSync(own, "");
  process.on("exit", () => rmSync(own, { force: true }));
  // Each says what it wants before it looks: of two at once at least one sees the other.
  return readdirSync(CLAIMS).every((name) => {
    const [claimed, pid] = name.split(".").map(Number);
    if (claimed !== port || pid === process.pid) return true;
    if (pid && isAlive(pid)) return false;
    rmSync(join(CLAIMS, name), { force: true });
    return true;
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** A port on 127.0.0.1 where nobody listens now. */
export function anyFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (address && typeof address === "object" ? resolve(address.port) : reject(new Error("The machine gave no free port on 127.0.0.1."))));
    });
  });
}
