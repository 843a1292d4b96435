import { DriverError } from "../../errors";
import type { CallOptions, PoolObservation } from "../types";
import { isLibvirtError, LIBVIRT_ERROR } from "./errors";
import type { HostLink } from "./link";
import { procedures } from "./rpc/procedures";
import type { PoolRef } from "./rpc/structures";
import { element, writeXml } from "./xml-write";
import { readXml } from "./xml-read";

/** Pools that are started; only those have volumes. */
const LIST_ACTIVE = 2;
const POOL_RUNNING = 2;
/** A refresh reads the head of every file: large pools on slow storage take their time. */
const REFRESH_TIMEOUT_MS = 30_000;
/** libvirt refuses to refresh while a volume is being made or filled; that is over soon. */
const BUSY_RETRY_MS = 100;
const BUSY_RETRIES = 50;

const isBusy = (error: unknown): boolean => error instanceof DriverError && /has asynchronous jobs running/.test(error.message);

export async function needPool(link: HostLink, name: string, options?: CallOptions): Promise<PoolRef> {
  try {
    return (await link.call(procedures.poolLookupByName, { name }, options)).pool;
  } catch (error) {
    if (!isLibvirtError(error, LIBVIRT_ERROR.noStoragePool)) throw error;
    throw new DriverError("not-found", `${link.endpoint.uri} has no storage pool "${name}"; enrol the host again, or define the pool on it`, { pool: name }, { cause: error });
  }
}

/** Makes the host look at the directory again: another host may have made or removed volumes in shared storage. */
export async function refreshPool(link: HostLink, pool: PoolRef, options?: CallOptions): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await link.heavyCall(procedures.poolRefresh, { pool, flags: 0 }, REFRESH_TIMEOUT_MS, options);
    } catch (error) {
      if (!isBusy(error) || attempt >= BUSY_RETRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, BUSY_RETRY_MS));
    }
  }
}

export async function readPoolPath(link: HostLink, pool: PoolRef, options?: CallOptions): Promise<string> {
  const { value } = await link.call(procedures.poolGetXml, { pool, flags: 0 }, options);
  const path = readXml(value, `the storage pool "${pool.name}"`).at("pool", "target", "path").text;
  if (path === null) throw new DriverError("unsupported", `the storage pool "${pool.name}" of ${link.endpoint.uri} has no directory; Berth uses directory and network filesystem pools`, { pool: pool.name });
  return path;
}

async function observePool(link: HostLink, pool: PoolRef, options?: CallOptions): Promise<PoolObservation> {
  const path = await readPoolPath(link, pool, options);
  const info = await link.call(procedures.poolGetInfo, { pool }, options);
  return { name: pool.name, path, capacityBytes: Number(info.capacity), availableBytes: Number(info.available), allocatedBytes: Number(info.allocation) };
}

export async function listPoolNames(link: HostLink, options?: CallOptions): Promise<readonly string[]> {
  const { pools } = await link.call(procedures.listPools, { needResults: true, flags: LIST_ACTIVE }, options);
  return pools.map((pool) => pool.name).sort();
}

/** Active pools with fresh numbers. */
export async function listPools(link: HostLink, options?: CallOptions): Promise<readonly PoolObservation[]> {
  const { pools } = await link.call(procedures.listPools, { needResults: true, flags: LIST_ACTIVE }, options);
  return Promise.all(pools.map(async (pool) => {
    await refreshPool(link, pool, options);
    return observePool(link, pool, options);
  }));
}

/**
 * Enrolment: defines the directory `path` as the pool `name`, starts it now and at every boot of the host. The same
 * pool already there is a success; the same name with another directory is `already-exists`.
 */
export async function ensureDirectoryPool(link: HostLink, name: string, path: string, options?: CallOptions): Promise<PoolObservation> {
  let pool: PoolRef;
  try {
    pool = (await link.call(procedures.poolLookupByName, { name }, options)).pool;
    const found = await readPoolPath(link, pool, options);
    if (found !== path) throw new DriverError("already-exists", `${link.endpoint.uri} has the storage pool "${name}" at ${found}, not at ${path}; remove that pool or choose another name`, { pool: name, found, path });
  } catch (error) {
    if (!isLibvirtError(error, LIBVIRT_ERROR.noStoragePool)) throw error;
    const xml = writeXml(element("pool", { type: "dir" }, element("name", {}, name), element("target", {}, element("path", {}, path))));
    pool = (await link.call(procedures.poolDefineXml, { xml, flags: 0 }, options)).pool;
  }
  const { state } = await link.call(procedures.poolGetInfo, { pool }, options);
  if (state !== POOL_RUNNING) await link.call(procedures.poolCreate, { pool, flags: 0 }, options);
  await link.call(procedures.poolSetAutostart, { pool, autostart: true }, options);
  return observePool(link, pool, options);
}
