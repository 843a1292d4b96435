import { DriverError } from "../../errors";
import type { CallOptions } from "../types";
import { METADATA_URI } from "./domain-xml";
import { isLibvirtError, LIBVIRT_ERROR } from "./errors";
import type { HostLink } from "./link";
import { procedures } from "./rpc/procedures";
import type { DomainRef } from "./rpc/structures";
import { readXml, type XmlNode } from "./xml-read";

const METADATA_ELEMENT = 2;

export async function findDomain(link: HostLink, instanceId: string, options?: CallOptions): Promise<DomainRef | null> {
  try {
    return (await link.call(procedures.domainLookupByName, { name: instanceId }, options)).dom;
  } catch (error) {
    if (isLibvirtError(error, LIBVIRT_ERROR.noDomain)) return null;
    throw error;
  }
}

export async function needDomain(link: HostLink, instanceId: string, options?: CallOptions): Promise<DomainRef> {
  const dom = await findDomain(link, instanceId, options);
  if (dom === null) throw new DriverError("not-found", `${link.endpoint.uri} has no domain "${instanceId}"`, { instanceId });
  return dom;
}

/** A domain that has a process now; `needDomain` also finds those that are only defined. */
export async function needRunning(link: HostLink, instanceId: string, attempted: string, options?: CallOptions): Promise<DomainRef> {
  const dom = await needDomain(link, instanceId, options);
  if (dom.id < 0) throw new DriverError("invalid", `${attempted} needs a running domain, and "${instanceId}" on ${link.endpoint.uri} is off; start it first`, { instanceId });
  return dom;
}

/** The epoch out of Berth's metadata element; null where it is not Berth's. */
export function parseEpoch(metadata: string): number | null {
  const found = /\bepoch=["'](\d{1,15})["']/.exec(metadata)?.[1];
  return found === undefined ? null : Number(found);
}

/** Of the running process where there is one, else of the definition. */
export async function readEpoch(
  link: HostLink,
  dom: DomainRef,
  options?: CallOptions,
  lane: "call" | "controlCall" = "call",
): Promise<number | null> {
  try {
    const { value } = await link[lane](procedures.domainGetMetadata, { dom, type: METADATA_ELEMENT, uri: METADATA_URI, flags: 0 }, options);
    return parseEpoch(value);
  } catch (error) {
    if (isLibvirtError(error, LIBVIRT_ERROR.noDomainMetadata)) return null;
    throw error;
  }
}

/** Refuses a caller whose knowledge is older than the domain: another decision has been made since. */
export async function refuseStale(link: HostLink, dom: DomainRef, epoch: number, attempted: string, options?: CallOptions): Promise<number | null> {
  const found = await readEpoch(link, dom, options);
  if (found !== null && found > epoch) {
    throw new DriverError("stale-epoch", `${attempted} "${dom.name}" with epoch ${epoch} was refused: ${link.endpoint.uri} has it with the newer epoch ${found}; stop acting on the old allocation`, { instanceId: dom.name, epoch, found });
  }
  return found;
}

/** The live description (of the definition where it does not run). */
export async function describeDomain(link: HostLink, dom: DomainRef, options?: CallOptions): Promise<XmlNode> {
  const { value } = await link.call(procedures.domainGetXml, { dom, flags: 0 }, options);
  return readXml(value, `the domain "${dom.name}"`).at("domain");
}
