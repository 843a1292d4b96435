import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { DriverError } from "../../errors";
import type { CallOptions, VolumeObservation, VolumeSpec } from "../types";
import { volumePath } from "./domain-xml";
import { isLibvirtError, LIBVIRT_ERROR } from "./errors";
import type { HostLink } from "./link";
import { needPool, readPoolPath, refreshPool } from "./pools";
import { procedures } from "./rpc/procedures";
import type { PoolRef, VolumeRef } from "./rpc/structures";
import { RpcStream } from "./rpc/stream";
import { element, writeXml } from "./xml-write";
import { readXml } from "./xml-read";

const BYTES_PER_MIB = 1_048_576;
/** qemu-img writes only the head of an image; a full minute means sick storage. */
const CREATE_TIMEOUT_MS = 60_000;
const STATS_BLOCK = 32;
const STATS_ACTIVE = 1;
const UPLOAD_TIMEOUT_MS = 30 * 60_000;

interface Found {
  readonly ref: VolumeRef;
  readonly observation: VolumeObservation;
}

async function observeVolume(link: HostLink, ref: VolumeRef, options?: CallOptions): Promise<VolumeObservation> {
  const info = await link.call(procedures.volGetInfo, { vol: ref }, options);
  return { pool: ref.pool, name: ref.name, capacityBytes: Number(info.capacity), allocatedBytes: Number(info.allocation), path: ref.key };
}

async function lookAt(link: HostLink, pool: PoolRef, name: string, options?: CallOptions): Promise<Found | null> {
  try {
    const { vol: ref } = await link.call(procedures.volLookupByName, { pool, name }, options);
    return { ref, observation: await observeVolume(link, ref, options) };
  } catch (error) {
    // A system error is a file that the host still lists and that another host has removed.
    if (isLibvirtError(error, LIBVIRT_ERROR.noStorageVolume, LIBVIRT_ERROR.systemError)) return null;
    throw error;
  }
}

/** Looks in the host's list, then on the storage itself: the list does not know what other hosts did. */
export async function findVolume(link: HostLink, pool: PoolRef, name: string, options?: CallOptions): Promise<Found | null> {
  const known = await lookAt(link, pool, name, options);
  if (known !== null) return known;
  await refreshPool(link, pool, options);
  return lookAt(link, pool, name, options);
}

export async function listVolumes(link: HostLink, poolName: string, options?: CallOptions): Promise<readonly VolumeObservation[]> {
  const pool = await needPool(link, poolName, options);
  await refreshPool(link, pool, options);
  const { volumes } = await link.call(procedures.listVolumes, { pool, needResults: true, flags: 0 }, options);
  const observed = await Promise.all(volumes.map(async (ref) => {
    try {
      return await observeVolume(link, ref, options);
    } catch (error) {
      if (isLibvirtError(error, LIBVIRT_ERROR.noStorageVolume, LIBVIRT_ERROR.systemError)) return null;
      throw error;
    }
  }));
  return observed.filter((volume) => volume !== null);
}

function volumeXml(spec: VolumeSpec, backingPath: string | null): string {
  return writeXml(element("volume", {},
    element("name", {}, spec.name),
    element("capacity", { unit: "bytes" }, spec.capacityMiB * BYTES_PER_MIB),
    element("allocation", { unit: "bytes" }, 0),
    element("target", {}, element("format", { type: spec.format })),
    spec.backing === null || backingPath === null ? null
      : element("backingStore", {}, element("path", {}, backingPath), element("format", { type: spec.backing.format })),
  ));
}

/** Says how the volume differs from what is wanted; null when it is the same. */
async function differenceOf(link: HostLink, found: Found, spec: VolumeSpec, backingPath: string | null, options?: CallOptions): Promise<string | null> {
  const { value } = await link.call(procedures.volGetXml, { vol: found.ref, flags: 0 }, options);
  const volume = readXml(value, `the volume "${spec.name}"`).at("volume");
  const format = volume.at("target", "format").attribute("type");
  const backing = volume.at("backingStore", "path").text;
  if (format !== spec.format) return `its format is ${format ?? "unknown"}, not ${spec.format}`;
  if (found.observation.capacityBytes !== spec.capacityMiB * BYTES_PER_MIB) return `its capacity is ${found.observation.capacityBytes / BYTES_PER_MIB} MiB, not ${spec.capacityMiB} MiB`;
  if (backing !== backingPath) return `it stands over ${backing ?? "nothing"}, not over ${backingPath ?? "nothing"}`;
  return null;
}

export async function ensureVolume(link: HostLink, spec: VolumeSpec, options?: CallOptions): Promise<VolumeObservation> {
  if (spec.backing !== null && spec.format !== "qcow2") throw new DriverError("invalid", `the volume "${spec.name}" cannot stand over another one as ${spec.format}; only qcow2 can`, { volume: spec.name });
  const pool = await needPool(link, spec.pool, options);
  const paths = new Map([[spec.pool, await readPoolPath(link, pool, options)]]);
  volumePath(paths, spec.pool, spec.name);
  const backingPath = spec.backing === null ? null : volumePath(paths, spec.pool, spec.backing.volume);
  const confirm = async (found: Found): Promise<VolumeObservation> => {
    const difference = await differenceOf(link, found, spec, backingPath, options);
    if (difference === null) return found.observation;
    throw new DriverError("already-exists", `the volume "${spec.name}" of pool "${spec.pool}" on ${link.endpoint.uri} is another one: ${difference}`, { pool: spec.pool, volume: spec.name, difference });
  };
  const known = await lookAt(link, pool, spec.name, options);
  if (known !== null) return confirm(known);
  if (spec.backing !== null && (await findVolume(link, pool, spec.backing.volume, options)) === null) {
    throw new DriverError("not-found", `the base volume "${spec.backing.volume}" of "${spec.name}" is not in pool "${spec.pool}" on ${link.endpoint.uri}`, { pool: spec.pool, volume: spec.backing.volume });
  }
  try {
    const { vol: ref } = await link.heavyCall(procedures.volCreateXml, { pool, xml: volumeXml(spec, backingPath), flags: 0 }, CREATE_TIMEOUT_MS, options);
    return await observeVolume(link, ref, options);
  } catch (error) {
    // Another host made it (the file is there, this host's list does not have it yet), or an earlier try of ours did.
    const found = error instanceof DriverError && !error.outcomeUnknown ? await findVolume(link, pool, spec.name, options) : null;
    if (found === null) throw error;
    return confirm(found);
  }
}

/**
 * libvirt itself would unlink the disk of a running machine. Machines of this host are known from their statistics;
 * for qcow2, qemu-img's own lock (taken by a resize to the present size) also knows the machines of other hosts, and
 * those that stand over this volume.
 */
async function refuseInUse(link: HostLink, found: Found, options?: CallOptions): Promise<void> {
  const { records } = await link.call(procedures.allDomainStats, { doms: [], stats: STATS_BLOCK, flags: STATS_ACTIVE }, options);
  const { ref } = found;
  const user = records.find(({ params }) => params.some(({ field, value }) => field.endsWith(".path") && value.value === ref.key));
  if (user !== undefined) {
    throw new DriverError("locked", `the volume "${ref.name}" of pool "${ref.pool}" is a disk of "${user.dom.name}", which runs on ${link.endpoint.uri}; stop it first`, { pool: ref.pool, volume: ref.name, instanceId: user.dom.name });
  }
  const { value } = await link.call(procedures.volGetXml, { vol: ref, flags: 0 }, options);
  if (readXml(value, `the volume "${ref.name}"`).at("volume", "target", "format").attribute("type") !== "qcow2") return;
  await link.heavyCall(procedures.volResize, { vol: ref, capacity: BigInt(found.observation.capacityBytes), flags: 0 }, CREATE_TIMEOUT_MS, options);
}

async function unlink(link: HostLink, found: Found, options?: CallOptions): Promise<boolean> {
  try {
    await link.heavyCall(procedures.volDelete, { vol: found.ref, flags: 0 }, CREATE_TIMEOUT_MS, options);
    return true;
  } catch (error) {
    if (isLibvirtError(error, LIBVIRT_ERROR.noStorageVolume)) return false;
    throw error;
  }
}

export async function deleteVolume(link: HostLink, poolName: string, name: string, options?: CallOptions): Promise<boolean> {
  const pool = await needPool(link, poolName, options);
  const found = await findVolume(link, pool, name, options);
  if (found === null) return false;
  await refuseInUse(link, found, options);
  return unlink(link, found, options);
}

export async function growVolume(link: HostLink, poolName: string, name: string, capacityMiB: number, options?: CallOptions): Promise<void> {
  const pool = await needPool(link, poolName, options);
  const found = await findVolume(link, pool, name, options);
  if (found === null) throw new DriverError("not-found", `pool "${poolName}" on ${link.endpoint.uri} has no volume "${name}"`, { pool: poolName, volume: name });
  const wanted = capacityMiB * BYTES_PER_MIB;
  if (found.observation.capacityBytes === wanted) return;
  if (found.observation.capacityBytes > wanted) {
    throw new DriverError("invalid", `the volume "${name}" has ${found.observation.capacityBytes / BYTES_PER_MIB} MiB; making it ${capacityMiB} MiB would cut off data`, { pool: poolName, volume: name });
  }
  await link.heavyCall(procedures.volResize, { vol: found.ref, capacity: BigInt(wanted), flags: 0 }, CREATE_TIMEOUT_MS, options);
}

/** Makes the volume anew, so that a machine that still reads the old content keeps it, then fills it over a connection of its own. */
export async function uploadVolume(link: HostLink, poolName: string, name: string, content: Readable, sizeBytes: number, options?: CallOptions): Promise<VolumeObservation> {
  const pool = await needPool(link, poolName, options);
  volumePath(new Map([[poolName, "/"]]), poolName, name);
  const old = await lookAt(link, pool, name, options);
  if (old !== null) await unlink(link, old, options);
  const xml = writeXml(element("volume", {},
    element("name", {}, name),
    element("capacity", { unit: "bytes" }, sizeBytes),
    element("allocation", { unit: "bytes" }, 0),
    element("target", {}, element("format", { type: "raw" })),
  ));
  const ref = await createAnew(link, pool, name, xml, options);
  const timeoutMs = options?.timeoutMs ?? UPLOAD_TIMEOUT_MS;
  const connection = await link.dedicated();
  try {
    const bound = { timeoutMs, signal: options?.signal };
    const stream = await RpcStream.open(connection, procedures.volUpload, { vol: ref, offset: 0n, length: BigInt(sizeBytes), flags: 0 }, bound);
    const sent = await send(content, stream, timeoutMs, options?.signal);
    if (sent !== sizeBytes) throw new DriverError("invalid", `the content of "${name}" has ${sent} bytes where ${sizeBytes} were announced`, { pool: poolName, volume: name, sent, sizeBytes });
  } catch (error) {
    // A half-filled volume must not be taken for the whole one; the first error is the one to report.
    await link.heavyCall(procedures.volDelete, { vol: ref, flags: 0 }, CREATE_TIMEOUT_MS).catch(() => undefined);
    throw error instanceof DriverError ? error : new DriverError("failed", `the content of "${name}" could not be sent to ${link.endpoint.uri}: ${String(error)}`, { pool: poolName, volume: name }, { cause: error });
  } finally {
    connection.close();
  }
  return observeVolume(link, ref, options);
}

/**
 * The host's list does not know what other hosts made, and the storage refuses a second file of the name: only then is the list renewed.
 * Asking for that each time would cost a tenth of a second whenever another disk is being made.
 */
async function createAnew(link: HostLink, pool: PoolRef, name: string, xml: string, options?: CallOptions): Promise<VolumeRef> {
  const create = async (): Promise<VolumeRef> => (await link.heavyCall(procedures.volCreateXml, { pool, xml, flags: 0 }, CREATE_TIMEOUT_MS, options)).vol;
  try {
    return await create();
  } catch (error) {
    const found = error instanceof DriverError && !error.outcomeUnknown ? await findVolume(link, pool, name, options) : null;
    if (found === null) throw error;
    await unlink(link, found, options);
    return create();
  }
}

async function send(content: Readable, stream: RpcStream, timeoutMs: number, signal?: AbortSignal): Promise<number> {
  const limit = AbortSignal.timeout(timeoutMs);
  let sent = 0;
  await pipeline(content, async function* count(source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      sent += chunk.length;
      yield chunk;
    }
  }, async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) await write(stream, chunk);
  }, { signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) });
  await stream.finish(timeoutMs);
  stream.destroy();
  return sent;
}

function write(stream: RpcStream, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once("error", reject);
    stream.write(chunk, (error) => {
      stream.off("error", reject);
      if (error === null || error === undefined) resolve();
      else reject(error);
    });
  });
}
