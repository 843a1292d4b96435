import { readFileSync } from "node:fs";
import type { HostEndpoint } from "./types";

export interface TlsFiles {
  readonly HYPERVISOR_CA_FILE?: string | undefined;
  readonly HYPERVISOR_CERTIFICATE_FILE?: string | undefined;
  readonly HYPERVISOR_KEY_FILE?: string | undefined;
}

/**
 * This process's own identity towards hosts at tls:// addresses, from the PEM files that its environment names; none when it
 * names none.
 * @throws Error when only some are named, or one cannot be read.
 */
export function readTlsFiles(files: TlsFiles): HostEndpoint["tls"] {
  const { HYPERVISOR_CA_FILE: ca, HYPERVISOR_CERTIFICATE_FILE: certificate, HYPERVISOR_KEY_FILE: key } = files;
  if (!ca && !certificate && !key) return undefined;
  if (!ca || !certificate || !key) {
    throw new Error("Hosts at tls:// addresses need HYPERVISOR_CA_FILE, HYPERVISOR_CERTIFICATE_FILE and HYPERVISOR_KEY_FILE together; set all three or none.");
  }
  const read = (name: string, path: string): string => {
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      throw new Error(`${name} names the file ${path}, which cannot be read. Correct the path or its permissions.`, { cause: error });
    }
  };
  return { ca: read("HYPERVISOR_CA_FILE", ca), certificate: read("HYPERVISOR_CERTIFICATE_FILE", certificate), key: read("HYPERVISOR_KEY_FILE", key) };
}
