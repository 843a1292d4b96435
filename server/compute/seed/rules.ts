import ipaddr from "ipaddr.js";
import type { SeedFiles } from "../types";

export interface SeedFacts {
  readonly id: string;
  readonly name: string;
  readonly userData: string;
  readonly rebuildGeneration: number;
  readonly publicKeys: readonly string[];
  readonly addresses: readonly { readonly ip: string; readonly mac: string; readonly cidr: string; readonly gateway: string | null; readonly dnsServers: readonly string[] }[];
}

/** A JSON text is a YAML scalar in double quotes, so nothing in it can break out. */
const quoted = (text: string): string => JSON.stringify(text);

/**
 * The NoCloud files (cloud-init: "instance-data via a drive labelled cidata"). The instance-id carries the rebuild, so that
 * a rebuilt guest runs its first boot again. Interfaces are found by MAC address; one key a line, so that a small guest can
 * read it without a YAML parser.
 */
export function seedFilesOf(facts: SeedFacts): SeedFiles {
  const metaData = [
    `instance-id: ${quoted(`${facts.id}-${facts.rebuildGeneration}`)}`,
    `local-hostname: ${quoted(facts.name)}`,
    ...(facts.publicKeys.length > 0 ? ["public-keys:", ...facts.publicKeys.map((key) => `  - ${quoted(key)}`)] : []),
  ];
  const network = ["version: 2", "ethernets:", ...facts.addresses.flatMap((nic, index) => interfaceLines(nic, index))];
  return {
    label: "cidata",
    files: {
      "meta-data": `${metaData.join("\n")}\n`,
      // Without a first line that names its kind, cloud-init would warn about what it does not know.
      "user-data": facts.userData === "" ? "#cloud-config\n{}\n" : facts.userData,
      "network-config": `${network.join("\n")}\n`,
    },
  };
}

function interfaceLines(nic: SeedFacts["addresses"][number], index: number): string[] {
  const [, prefixLength] = ipaddr.parseCIDR(nic.cidr);
  return [
    `  nic${index}:`,
    "    match:",
    `      macaddress: ${quoted(nic.mac)}`,
    `    set-name: eth${index}`,
    "    addresses:",
    `      - ${quoted(`${nic.ip}/${prefixLength}`)}`,
    ...(nic.gateway === null ? [] : ["    routes:", `      - to: ${quoted("0.0.0.0/0")}`, `        via: ${quoted(nic.gateway)}`]),
    ...(nic.dnsServers.length === 0 ? [] : ["    nameservers:", "      addresses:", ...nic.dnsServers.map((server) => `        - ${quoted(server)}`)]),
  ];
}
