import { sentence, sentences, type Sentence } from "@/server/platform/sentences";
import { DriverError } from "../../errors";
import type { CallOptions, ResizeRequest, ResizeResult } from "../types";
import { DIMM_STEP_MIB, dimmXml } from "./domain-xml";
import type { HostLink } from "./link";
import { describeDomain, needDomain, needRunning, refuseStale } from "./lookup";
import { procedures } from "./rpc/procedures";
import { type DomainRef, numberOf, toParameterMap } from "./rpc/structures";
import { sizeMiB, type XmlNode } from "./xml-read";

const AFFECT_LIVE = 1;
const BLOCK_RESIZE_BYTES = 1;
const STATS_BLOCK = 32;
const BYTES_PER_MIB = 1_048_576;
const ATTACH_TIMEOUT_MS = 20_000;

interface Step {
  /** Null when nothing is to be done. */
  readonly act: (() => Promise<void>) | null;
  /** Why it has to wait for the next boot; null when it does not. */
  readonly reason: Sentence | null;
}
const NOTHING: Step = { act: null, reason: null };

function vcpuStep(link: HostLink, dom: DomainRef, domain: XmlNode, vcpus: number | undefined, options?: CallOptions): Step {
  const node = domain.at("vcpu");
  const max = Number(node.text ?? "0");
  const current = Number(node.attribute("current") ?? max);
  if (vcpus === undefined || vcpus === current) return NOTHING;
  if (vcpus < current) return { act: null, reason: sentence("boot-fewer-vcpus") };
  if (vcpus > max) return { act: null, reason: sentence("boot-more-vcpus", { maxVcpus: max }) };
  return {
    act: () => link.heavyCall(procedures.domainSetVcpus, { dom, vcpus, flags: AFFECT_LIVE }, ATTACH_TIMEOUT_MS, options),
    reason: null,
  };
}

function memoryStep(link: HostLink, dom: DomainRef, domain: XmlNode, memoryMiB: number | undefined, options?: CallOptions): Step {
  const current = Math.round(sizeMiB(domain.at("memory")) ?? 0);
  if (memoryMiB === undefined || memoryMiB === current) return NOTHING;
  if (memoryMiB < current) return { act: null, reason: sentence("boot-less-memory") };
  const growth = memoryMiB - current;
  const max = Math.round(sizeMiB(domain.at("maxMemory")) ?? current);
  if (memoryMiB > max) return { act: null, reason: sentence("boot-more-memory", { maxMiB: max }) };
  if (growth % DIMM_STEP_MIB !== 0) return { act: null, reason: sentence("boot-memory-step", { stepMiB: DIMM_STEP_MIB }) };
  const modules = domain.at("devices").all("memory").length;
  if (modules >= Number(domain.at("maxMemory").attribute("slots") ?? "0")) return { act: null, reason: sentence("boot-memory-slots") };
  return {
    act: () => link.heavyCall(procedures.domainAttachDevice, { dom, xml: dimmXml(growth), flags: AFFECT_LIVE }, ATTACH_TIMEOUT_MS, options),
    reason: null,
  };
}

/**
 * Gives what can be given live and says what has to wait. Nothing is written into the definition: the next
 * `startDomain` writes it from its own spec.
 */
export async function resizeDomain(link: HostLink, request: ResizeRequest, options?: CallOptions): Promise<ResizeResult> {
  const dom = await needDomain(link, request.instanceId, options);
  await refuseStale(link, dom, request.epoch, "resizing", options);
  if (dom.id < 0) return { applied: "at-next-boot", reason: sentence("boot-is-off").text, words: sentence("boot-is-off").words };
  const domain = await describeDomain(link, dom, options);
  const steps = [vcpuStep(link, dom, domain, request.vcpus, options), memoryStep(link, dom, domain, request.memoryMiB, options)];
  for (const step of steps) if (step.act !== null) await step.act();
  const reasons = steps.flatMap((step) => step.reason ?? []);
  if (reasons.length === 0) return { applied: "live", reason: null };
  const { text, words } = sentences(...reasons);
  return { applied: "at-next-boot", reason: text, words };
}

/** Never shrinks: the host itself would cut the disk off without asking. */
export async function growDisk(link: HostLink, instanceId: string, target: string, capacityMiB: number, options?: CallOptions): Promise<void> {
  const dom = await needRunning(link, instanceId, "growing a disk", options);
  const { records } = await link.call(procedures.allDomainStats, { doms: [dom], stats: STATS_BLOCK, flags: 0 }, options);
  const stats = toParameterMap(records[0]?.params ?? []);
  const count = numberOf(stats, "block.count") ?? 0;
  const index = Array.from({ length: count }, (_, i) => i).find((i) => stats.get(`block.${i}.name`) === target);
  if (index === undefined) throw new DriverError("not-found", `"${instanceId}" on ${link.endpoint.uri} has no disk "${target}"`, { instanceId, target });
  const current = numberOf(stats, `block.${index}.capacity`) ?? 0;
  const wanted = capacityMiB * BYTES_PER_MIB;
  if (current === wanted) return;
  if (current > wanted) throw new DriverError("invalid", `the disk ${target} of "${instanceId}" has ${current / BYTES_PER_MIB} MiB; making it ${capacityMiB} MiB would cut off data`, { instanceId, target, current });
  await link.heavyCall(procedures.domainBlockResize, { dom, disk: target, size: BigInt(wanted), flags: BLOCK_RESIZE_BYTES }, ATTACH_TIMEOUT_MS, options);
}
