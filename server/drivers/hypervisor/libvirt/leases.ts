import { Readable } from "node:stream";
import { DriverError } from "../../errors";
import type { CallOptions, RunLease } from "../types";
import type { HostLink } from "./link";
import { needPool } from "./pools";
import { procedures } from "./rpc/procedures";
import { RpcStream } from "./rpc/stream";
import { deleteVolume, findVolume, uploadVolume } from "./volumes";

/** One sector: it is written whole or not at all. */
const LEASE_BYTES = 512;
const READ_TIMEOUT_MS = 3_000;
/** What the agent writes: see ../lease/berth-lease. */
const LEASE_LINE = /^berth-lease 1 ([0-9a-f-]{36}) (\d+) (\d+) (\d+)(?: (\d+))?$/;

export function leaseVolume(hostUuid: string): string {
  return `berth-lease-${hostUuid}.raw`;
}

export function yieldVolume(hostUuid: string): string {
  return `berth-yield-${hostUuid}.raw`;
}

/** Reads the lease of a host from the shared pool, over a connection of its own. A half-written one counts as none. */
export async function readLease(link: HostLink, poolName: string, hostUuid: string, options?: CallOptions): Promise<RunLease | null> {
  const pool = await needPool(link, poolName, options);
  const found = await findVolume(link, pool, leaseVolume(hostUuid), options);
  if (found === null) return null;
  const timeoutMs = options?.timeoutMs ?? READ_TIMEOUT_MS;
  const connection = await link.dedicated();
  try {
    const stream = await RpcStream.open(connection, procedures.volDownload, { vol: found.ref, offset: 0n, length: BigInt(LEASE_BYTES), flags: 0 }, { timeoutMs, signal: options?.signal });
    const [line] = (await collect(stream, timeoutMs, link.endpoint.uri)).toString("latin1").split("\n");
    const match = LEASE_LINE.exec(line ?? "");
    return match ? { hostUuid, beat: Number(match[2]), ttlSeconds: Number(match[3]), yieldedTo: Number(match[4]), storageSeconds: Number(match[5] ?? 0) || null } : null;
  } finally {
    connection.close();
  }
}

async function collect(stream: RpcStream, timeoutMs: number, uri: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  const timer = setTimeout(() => stream.destroy(new DriverError("timeout", `the lease could not be read at ${uri} within ${timeoutMs} ms`, { timeoutMs })), timeoutMs);
  try {
    for await (const part of stream as AsyncIterable<Buffer>) {
      parts.push(part);
      size += part.length;
      if (size >= LEASE_BYTES) break;
    }
  } finally {
    clearTimeout(timer);
    stream.destroy();
  }
  return Buffer.concat(parts);
}

/** Puts the request beside the lease, or takes it away. */
export async function askToYield(link: HostLink, poolName: string, hostUuid: string, request: number | null, options?: CallOptions): Promise<void> {
  if (request === null) {
    await deleteVolume(link, poolName, yieldVolume(hostUuid), options);
    return;
  }
  const content = Buffer.alloc(LEASE_BYTES);
  content.write(`berth-yield 1 ${request}\n`, "latin1");
  await uploadVolume(link, poolName, yieldVolume(hostUuid), Readable.from([content]), LEASE_BYTES, options);
}
