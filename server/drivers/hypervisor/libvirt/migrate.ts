import { DriverError } from "../../errors";
import type { CallOptions, HostEndpoint, MigrateRequest, MigrationResult } from "../types";
import { ensureAllFilters } from "./address-filter";
import { unplugClipboard } from "./clipboard";
import { isLibvirtError, LIBVIRT_ERROR } from "./errors";
import type { HostLink } from "./link";
import { needDomain, needRunning, refuseStale } from "./lookup";
import type { RpcConnection } from "./rpc/connection";
import { procedures } from "./rpc/procedures";
import { type DomainRef, numberOf, type ParameterMap, toParameterMap, type TypedParameter } from "./rpc/structures";
import { parseTarget } from "./rpc/transport";

const MIGRATE = { live: 1, peerToPeer: 2, persistDestination: 8, undefineSource: 16, unsafe: 512, postCopy: 32_768, tls: 65_536 } as const;
/** How often progress is asked for, milliseconds: often enough for a two-second move to show some. */
const PROGRESS_MS = 200;
/** An aborted move is over in well under a second; longer means that nothing is known. */
const ABORT_GRACE_MS = 10_000;
const JOB_COMPLETED = 1;

/** How the source host's libvirtd calls the other one. */
export function peerUri(to: HostEndpoint): string {
  const target = parseTarget(to.uri);
  if (target.kind === "unix") throw new DriverError("invalid", `${to.uri} cannot be reached from another host; moves need tcp:// or tls:// endpoints`, { uri: to.uri });
  return `qemu+${target.kind}://${bracketed(to.managementAddress)}:${target.port}/system`;
}

const bracketed = (address: string): string => (address.includes(":") ? `[${address}]` : address);

function parametersOf(request: MigrateRequest): readonly TypedParameter[] {
  const parameters: TypedParameter[] = [{ field: "migrate_uri", value: { type: "string", value: `tcp://${bracketed(request.to.managementAddress)}` } }];
  if (request.bandwidthMiBs > 0) parameters.push({ field: "bandwidth", value: { type: "ullong", value: BigInt(request.bandwidthMiBs) } });
  return parameters;
}

async function jobStats(connection: RpcConnection, dom: DomainRef, flags: number): Promise<ParameterMap> {
  return toParameterMap((await connection.call(procedures.domainGetJobStats, { dom, flags }, { timeoutMs: 2000 })).params);
}

/** Watches one move until it is told to stop: sets the allowed pause, reports, and switches to post-copy after the first pass. */
async function accompany(connection: RpcConnection, dom: DomainRef, request: MigrateRequest, over: AbortSignal): Promise<void> {
  let downtimeSet = false;
  let switched = request.mode !== "postcopy";
  while (!over.aborted && connection.isOpen) {
    try {
      if (!downtimeSet) {
        await connection.call(procedures.domainMigrateSetMaxDowntime, { dom, downtimeMs: BigInt(request.maxDowntimeMs), flags: 0 }, { timeoutMs: 2000 });
        downtimeSet = true;
      }
      const stats = await jobStats(connection, dom, 0);
      const remaining = numberOf(stats, "memory_remaining");
      // Before the first page goes over, all figures are zero.
      if (remaining !== null && (numberOf(stats, "memory_total") ?? 0) > 0) {
        request.onProgress?.({
          transferredBytes: numberOf(stats, "memory_processed") ?? 0,
          remainingBytes: remaining,
          dirtyPagesPerSecond: numberOf(stats, "memory_dirty_rate"),
        });
      }
      if (!switched && (numberOf(stats, "memory_iteration") ?? 0) > 1) {
        await connection.call(procedures.domainMigrateStartPostCopy, { dom, flags: 0 }, { timeoutMs: 2000 });
        switched = true;
      }
    } catch (error) {
      // The move has not begun yet or has just ended: its own call says how it went.
      if (!(error instanceof DriverError)) throw error;
    }
    await pause(downtimeSet ? PROGRESS_MS : PROGRESS_MS / 10, over);
  }
}

function pause(milliseconds: number, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      over.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    over.addEventListener("abort", finish, { once: true });
  });
}

/** Ours to both hosts: a host that we cannot reach gets no guests, and both need the filters of addresses. */
async function openBoth(link: HostLink, request: MigrateRequest): Promise<readonly [RpcConnection, RpcConnection]> {
  const connection = await link.dedicated();
  try {
    const target = await link.dedicated(request.to);
    await ensureAllFilters((procedure, args) => target.call(procedure, args, { timeoutMs: link.options.callTimeoutMs }), request.to.uri);
    return [connection, target];
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * Moves a running domain. Both ends are left consistent by libvirt: after a refusal, an abort or a broken link before
 * the switch, the domain goes on at the source.
 */
export async function migrate(link: HostLink, request: MigrateRequest): Promise<MigrationResult> {
  const dom = await needRunning(link, request.instanceId, "a move");
  await refuseStale(link, dom, request.epoch, "moving");
  const { unsafeMigration, migrationTls } = link.options;
  const flags = MIGRATE.live | MIGRATE.peerToPeer | MIGRATE.persistDestination | MIGRATE.undefineSource
    | (unsafeMigration ? MIGRATE.unsafe : 0) | (migrationTls ? MIGRATE.tls : 0) | (request.mode === "postcopy" ? MIGRATE.postCopy : 0);
  const destination = peerUri(request.to);
  const [connection, target] = await openBoth(link, request);
  const over = new AbortController();
  let abortedByUs = false;
  const limit = setTimeout(() => {
    abortedByUs = true;
    connection.call(procedures.domainAbortJob, { dom }, { timeoutMs: ABORT_GRACE_MS }).catch(() => {
      // The move's own call is still being waited for and tells the outcome.
      abortedByUs = true;
    });
  }, request.timeoutMs);
  try {
    const startedAt = performance.now();
    await unplugClipboard(connection, dom);
    const moved = connection.call(procedures.domainMigratePerform,
      { dom, destination, params: parametersOf(request), cookie: Buffer.alloc(0), flags },
      { timeoutMs: request.timeoutMs + ABORT_GRACE_MS });
    const company = accompany(connection, dom, request, over.signal);
    try {
      await moved;
    } finally {
      over.abort();
    }
    const totalMs = Math.round(performance.now() - startedAt);
    await company;
    return { totalMs, ...(await resultOf(target, dom)) };
  } catch (error) {
    if (abortedByUs && error instanceof DriverError && !error.outcomeUnknown) {
      throw new DriverError("timeout", `moving "${request.instanceId}" from ${link.endpoint.uri} to ${request.to.uri} took longer than ${request.timeoutMs} ms and was stopped; it goes on at ${link.endpoint.uri}`, { instanceId: request.instanceId, timeoutMs: request.timeoutMs }, { cause: error });
    }
    throw error;
  } finally {
    clearTimeout(limit);
    connection.close();
    target.close();
  }
}

/** The arriving host keeps the figures of the last finished move. */
async function resultOf(target: RpcConnection, dom: DomainRef): Promise<Pick<MigrationResult, "downtimeMs" | "transferredBytes">> {
  try {
    const stats = await jobStats(target, dom, JOB_COMPLETED);
    return { downtimeMs: numberOf(stats, "downtime"), transferredBytes: numberOf(stats, "memory_processed") };
  } catch (error) {
    // The move itself succeeded; figures that cannot be had do not change that.
    if (error instanceof DriverError) return { downtimeMs: null, transferredBytes: null };
    throw error;
  }
}

export async function abortMigration(link: HostLink, instanceId: string, options?: CallOptions): Promise<void> {
  const dom = await needDomain(link, instanceId, options);
  try {
    await link.call(procedures.domainAbortJob, { dom }, options);
  } catch (error) {
    // No job: nothing to stop.
    if (!isLibvirtError(error, LIBVIRT_ERROR.operationInvalid)) throw error;
  }
}
