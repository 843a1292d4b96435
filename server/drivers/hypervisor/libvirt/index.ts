import type { HostEndpoint, HypervisorDriver } from "../types";
import { LibvirtHost } from "./host";
import { DEFAULT_OPTIONS, type LibvirtDriverOptions } from "./options";

export { serialLogPath } from "./domain-xml";
export type { LibvirtHost } from "./host";
export { DEFAULT_OPTIONS, type LibvirtDriverOptions } from "./options";

export interface LibvirtDriver extends HypervisorDriver {
  readonly kind: "libvirt";
  connect(host: HostEndpoint): LibvirtHost;
}

/** The driver for real hosts. Options that are not given keep their safe defaults. */
export function createLibvirtDriver(options: Partial<LibvirtDriverOptions> = {}): LibvirtDriver {
  const complete: LibvirtDriverOptions = { ...DEFAULT_OPTIONS, ...options };
  return { kind: "libvirt", connect: (host) => new LibvirtHost(host, complete) };
}
