import { DriverError } from "../../errors";
import type { CallOptions, DomainSpec, MemoryImage, SaveRequest, SaveResult } from "../types";
import { unplugClipboard } from "./clipboard";
import { isAlreadyRunning, placementOf, undefine } from "./domains";
import { domainXml, volumePath } from "./domain-xml";
import { isLibvirtError, LIBVIRT_ERROR } from "./errors";
import type { HostLink } from "./link";
import { findDomain, needDomain, refuseStale } from "./lookup";
import { needPool, readPoolPath } from "./pools";
import { procedures } from "./rpc/procedures";
import { domainState } from "./states";
import { findVolume } from "./volumes";

/** Memory is written at hundreds of MiB/s; a large guest on slow storage gets this long. */
const SAVE_TIMEOUT_MS = 10 * 60_000;
const RESTORE_TIMEOUT_MS = 5 * 60_000;
/** Whatever it did when it was saved, the guest executes after a restore. */
const SAVE_RUNNING = 2;
/** The description with its screen password, which the restored domain keeps. */
const IMAGE_XML_SECURE = 1;

async function pathOf(link: HostLink, image: MemoryImage, options?: CallOptions): Promise<string> {
  const directory = await readPoolPath(link, await needPool(link, image.pool, options), options);
  return volumePath(new Map([[image.pool, directory]]), image.pool, image.name);
}

async function sizeOf(link: HostLink, image: MemoryImage, options?: CallOptions): Promise<number | null> {
  const found = await findVolume(link, await needPool(link, image.pool, options), image.name, options);
  return found === null ? null : found.observation.allocatedBytes;
}

export async function saveDomain(link: HostLink, { instanceId, epoch, to }: SaveRequest, options?: CallOptions): Promise<SaveResult> {
  const dom = await needDomain(link, instanceId, options);
  await refuseStale(link, dom, epoch, "saving the memory of", options);
  if (dom.id < 0) return { sizeBytes: await savedBefore() };
  const path = await pathOf(link, to, options);
  // Minutes of work get a connection of their own, so that they keep no other call waiting.
  const connection = await link.dedicated();
  try {
    await unplugClipboard(connection, dom);
    await connection.call(procedures.domainSave, { dom, to: path, xml: null, flags: SAVE_RUNNING }, { timeoutMs: options?.timeoutMs ?? SAVE_TIMEOUT_MS, signal: options?.signal });
  } finally {
    connection.close();
  }
  return { sizeBytes: (await sizeOf(link, to, options)) ?? 0 };

  /** It is off: that is right only if it went off by being saved to this very file. */
  async function savedBefore(): Promise<number> {
    const { state, reason } = await link.call(procedures.domainGetState, { dom, flags: 0 }, options);
    const now = domainState(state, reason);
    const sizeBytes = now.reason === "saved" ? await sizeOf(link, to, options) : null;
    if (sizeBytes !== null) return sizeBytes;
    throw new DriverError("invalid", `the memory of "${instanceId}" cannot be saved: it is off on ${link.endpoint.uri} (${now.reason}); there is nothing to save`, { instanceId, reason: now.reason });
  }
}

/** The description that was saved with the memory: its addresses and sizes are what the guest knows; only the epoch is new. */
async function descriptionFor(link: HostLink, spec: DomainSpec, path: string, options?: CallOptions): Promise<string> {
  const { value } = await link.call(procedures.saveImageGetXml, { file: path, flags: IMAGE_XML_SECURE }, options);
  if (!value.includes(`<name>${spec.instanceId}</name>`) || !value.includes(`<uuid>${spec.uuid}</uuid>`)) {
    throw new DriverError("unsupported", `the memory in ${path} is not of "${spec.instanceId}"; start it without`, { instanceId: spec.instanceId });
  }
  return value.replace(/(<[a-z]+:instance\b[^>]*\bepoch=)(["'])\d{1,15}\2/, `$1$2${spec.epoch}$2`);
}

export async function restoreDomain(link: HostLink, spec: DomainSpec, from: MemoryImage, options?: CallOptions): Promise<void> {
  const before = await findDomain(link, spec.instanceId, options);
  if (before !== null && (await isAlreadyRunning(link, before, spec, options))) return;
  if ((await sizeOf(link, from, options)) === null) {
    throw new DriverError("not-found", `"${spec.instanceId}" cannot go on where it was: ${link.endpoint.uri} has no memory image "${from.name}" in the pool "${from.pool}"`, { instanceId: spec.instanceId });
  }
  const path = await pathOf(link, from, options);
  const definition = domainXml(spec, await placementOf(link, spec, options), link.options);
  try {
    const xml = await descriptionFor(link, spec, path, options);
    // Without a definition of its own the restored domain would vanish, reason and all, when it stops.
    await link.call(procedures.domainDefineXml, { xml: definition, flags: 0 }, options);
    await link.heavyCall(procedures.domainRestore, { from: path, xml, flags: SAVE_RUNNING }, RESTORE_TIMEOUT_MS, options);
  } catch (error) {
    if (error instanceof DriverError && error.outcomeUnknown) throw error;
    const now = await findDomain(link, spec.instanceId, options);
    if (now !== null && now.id >= 0 && (await isAlreadyRunning(link, now, spec, options))) return;
    if (before === null && now !== null && now.id < 0) await undefine(link, now, options);
    throw refusal(spec, path, link.endpoint.uri, error);
  }
}

/** A full disk, a foreign lock or a lack of memory may pass; everything else says that this memory does not fit here. */
function refusal(spec: DomainSpec, path: string, uri: string, error: unknown): unknown {
  if (!(error instanceof DriverError)) return error;
  const general = error.code === "failed" || error.code === "invalid" || isLibvirtError(error, LIBVIRT_ERROR.operationInvalid);
  if (!general) return error;
  return new DriverError("unsupported", `"${spec.instanceId}" cannot go on from ${path} on ${uri}: ${error.message}. Start it without its memory`, { ...error.detail, instanceId: spec.instanceId }, { cause: error });
}
