import ipaddr from "ipaddr.js";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";

/** 65,534 machines, and 13: more would take a whole range from everybody else of the cluster, fewer is no network. */
const SHORTEST_PREFIX = 16;
const LONGEST_PREFIX = 28;
/** The first address stays free, so that a network can be given a gateway later without anybody's machine having it. */
const FIRST_OFFSET = 2;

export const addressNumber = (text: string): number => ipaddr.IPv4.parse(text).octets.reduce((sum, octet) => sum * 256 + octet, 0);

const addressText = (value: number): string => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");

export interface PrivateRange {
  /** With its first address, whatever address inside was named. */
  readonly cidr: string;
  /** First and last address that machines get. */
  readonly firstAddress: string;
  readonly lastAddress: string;
}

/** @throws Problem `bad-input` when it is no private range of a useful size. */
export function privateRange(text: string): PrivateRange {
  const [address, prefixLength] = ipaddr.IPv4.parseCIDR(text);
  // RFC 1918: addresses that mean nothing outside. Its smallest range (a /16) is as wide as the widest network, so none lies half outside.
  if (address.range() !== "private" || prefixLength < SHORTEST_PREFIX || prefixLength > LONGEST_PREFIX) {
    throw new Problem("bad-input", sentence("refused-network-range", { network: text, shortest: SHORTEST_PREFIX, longest: LONGEST_PREFIX }), { field: "cidr" });
  }
  const base = addressNumber(ipaddr.IPv4.networkAddressFromCIDR(text).toString());
  return { cidr: `${addressText(base)}/${prefixLength}`, firstAddress: addressText(base + FIRST_OFFSET), lastAddress: addressText(base + 2 ** (32 - prefixLength) - 2) };
}

/** How many machines fit into a range, both ends included. */
export const sizeOfRange = ({ firstAddress, lastAddress }: Pick<PrivateRange, "firstAddress" | "lastAddress">): number => addressNumber(lastAddress) - addressNumber(firstAddress) + 1;
