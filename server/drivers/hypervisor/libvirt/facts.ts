import type { CallOptions, HostFacts } from "../types";
import { isLibvirtError, LIBVIRT_ERROR } from "./errors";
import type { HostLink } from "./link";
import { listPoolNames } from "./pools";
import { procedures } from "./rpc/procedures";
import { readXml, type XmlNode } from "./xml-read";

const KIB_PER_MIB = 1024;

/** libvirt packs versions as major * 1,000,000 + minor * 1,000 + release. */
function versionText(packed: bigint): string {
  const value = Number(packed);
  return `${Math.floor(value / 1_000_000)}.${Math.floor(value / 1000) % 1000}.${value % 1000}`;
}

function usableModels(capabilities: XmlNode): readonly string[] {
  const custom = capabilities.at("domainCapabilities", "cpu").all("mode").find((mode) => mode.attribute("name") === "custom");
  return (custom?.all("model") ?? [])
    .filter((model) => model.attribute("usable") === "yes")
    .flatMap((model) => model.text ?? [])
    .sort();
}

const ALL_CELLS = -1;

/**
 * The kernel's own total. What `nodeinfo` calls the memory size is that of NUMA cell 0, which is wrong where memory
 * is plugged into a running machine (seen: 10 GiB of 24).
 */
async function totalMemoryKiB(link: HostLink, fallback: bigint, options?: CallOptions): Promise<number> {
  try {
    // libvirt wants to be told how many figures it has, and says so when asked for none.
    const { count } = await link.call(procedures.nodeGetMemoryStats, { count: 0, cell: ALL_CELLS, flags: 0 }, options);
    const { params } = await link.call(procedures.nodeGetMemoryStats, { count, cell: ALL_CELLS, flags: 0 }, options);
    return Number(params.find(({ field }) => field === "total")?.value ?? fallback);
  } catch (error) {
    if (isLibvirtError(error, LIBVIRT_ERROR.noSupport)) return Number(fallback);
    throw error;
  }
}

/** At the first question after its start, libvirtd runs QEMU to learn what it can do: 1 s on a free machine, over 5 s on a busy one. */
const PROBE_TIMEOUT_MS = 30_000;

export async function readFacts(link: HostLink, given?: CallOptions): Promise<HostFacts> {
  const options: CallOptions = { timeoutMs: PROBE_TIMEOUT_MS, ...given };
  const { accelerator, machine } = link.options;
  const virtType = accelerator === "kvm" ? "kvm" : "qemu";
  const [hostname, node, hypervisor, library, capabilities, pools, offered] = await Promise.all([
    link.call(procedures.connectGetHostname, undefined, options),
    link.call(procedures.nodeGetInfo, undefined, options),
    link.call(procedures.connectGetVersion, undefined, options),
    link.call(procedures.connectGetLibVersion, undefined, options),
    link.call(procedures.connectGetCapabilities, undefined, options),
    listPoolNames(link, options),
    link.call(procedures.domainCapabilities, { emulator: null, arch: "x86_64", machine, virtType, flags: 0 }, options),
  ]);
  const host = readXml(capabilities.value, `the host ${link.endpoint.uri}`).at("capabilities", "host");
  return {
    hostname: hostname.value,
    hostUuid: host.at("uuid").text ?? "",
    cores: node.cpus,
    memoryMiB: Math.floor((await totalMemoryKiB(link, node.memoryKiB, options)) / KIB_PER_MIB),
    cpuModel: host.at("cpu", "model").text ?? node.model,
    usableCpuModels: usableModels(readXml(offered.value, `the CPU models of ${link.endpoint.uri}`)),
    hypervisorVersion: `QEMU ${versionText(hypervisor.value)}`,
    driverVersion: `libvirt ${versionText(library.value)}`,
    accelerator,
    keepsLeases: true,
    pools,
  };
}
