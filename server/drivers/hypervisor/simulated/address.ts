import { DriverError } from "../../errors";

/** `h1` in this process's world, or `h1@127.0.0.1:4300` in a world that another process serves. */
export interface SimulatedAddress {
  readonly hostName: string;
  /** `127.0.0.1:4300`; null for the world of this process. */
  readonly server: string | null;
}

/** Reads `simulated://h1`, `simulated://h1@127.0.0.1:4300`, and the same without the scheme (power devices). */
export function parseSimulatedAddress(text: string): SimulatedAddress {
  const match = /^(?:simulated:\/\/)?([A-Za-z0-9][A-Za-z0-9._-]*)(?:@([A-Za-z0-9.-]+:\d{1,5}))?$/.exec(text);
  const hostName = match?.[1];
  if (!hostName) {
    throw new DriverError("invalid", `"${text}" is no simulated host address. Write simulated://HOST or simulated://HOST@127.0.0.1:PORT.`);
  }
  return { hostName, server: match[2] ?? null };
}
