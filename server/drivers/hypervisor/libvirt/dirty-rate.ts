import { DriverError } from "../../errors";
import type { CallOptions } from "../types";
import { LIBVIRT_ERROR, isLibvirtError } from "./errors";
import type { HostLink } from "./link";
import { needRunning } from "./lookup";
import { procedures } from "./rpc/procedures";
import { numberOf, toParameterMap } from "./rpc/structures";

const STATS_DIRTY_RATE = 512;
const MEASURED = 2;
const POLL_MS = 200;
/** How long after the measuring time the figure may take, milliseconds. */
const GRACE_MS = 5000;

/** QEMU measures for whole seconds, 1 to 60. */
export async function dirtyRate(link: HostLink, instanceId: string, seconds: number, options?: CallOptions): Promise<number | null> {
  const dom = await needRunning(link, instanceId, "measuring memory writes", options);
  const measuringSeconds = Math.min(60, Math.max(1, Math.round(seconds)));
  try {
    await link.call(procedures.domainStartDirtyRate, { dom, seconds: measuringSeconds, flags: 0 }, options);
  } catch (error) {
    if (isLibvirtError(error, LIBVIRT_ERROR.noSupport, LIBVIRT_ERROR.operationUnsupported)) return null;
    throw error;
  }
  const deadline = performance.now() + measuringSeconds * 1000 + GRACE_MS;
  await sleep(measuringSeconds * 1000);
  while (performance.now() < deadline) {
    const { records } = await link.call(procedures.allDomainStats, { doms: [dom], stats: STATS_DIRTY_RATE, flags: 0 }, options);
    const stats = toParameterMap(records[0]?.params ?? []);
    if (numberOf(stats, "dirtyrate.calc_status") === MEASURED) return numberOf(stats, "dirtyrate.megabytes_per_second");
    await sleep(POLL_MS);
  }
  throw new DriverError("timeout", `the memory writes of "${instanceId}" on ${link.endpoint.uri} were not measured within ${measuringSeconds} s`, { instanceId });
}

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
