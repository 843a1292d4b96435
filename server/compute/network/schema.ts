import { z } from "zod";

const address = z.ipv4({ error: "is no IPv4 address" });

/** A shared network by itself, without its cluster; the form of a new cluster uses it too. */
export const networkFields = z.object({
  name: z.string().trim().min(1).max(63),
  /** An address inside is fine; the prefix length counts. */
  cidr: z.cidrv4({ error: "is no IPv4 network such as 10.0.0.0/24" }),
  gateway: address.nullable().default(null),
  /** First and last address that instances get. */
  firstAddress: address,
  lastAddress: address,
  /** Name servers that guests are told. */
  dnsServers: z.array(address).max(3).default([]),
  /** Name of the bridge on every host of the cluster. */
  bridge: z.string().regex(/^[A-Za-z0-9_.-]{1,15}$/, { error: "is no interface name" }),
});

export const createNetworkInput = networkFields.extend({ clusterId: z.string().min(1).max(64) });
export type CreateNetworkInput = z.input<typeof createNetworkInput>;

/** A private network of an organization. */
export const createPrivateNetworkInput = z.object({
  name: z.string().trim().min(1, { error: "is missing" }).max(40, { error: "has more than 40 characters" }),
  cidr: z.cidrv4({ error: "is no IPv4 network such as 10.64.3.0/24" }),
  /** Where it is; the first cluster when left out. */
  clusterId: z.string().min(1).max(64).optional(),
});
export type CreatePrivateNetworkInput = z.input<typeof createPrivateNetworkInput>;

export const networkRef = z.object({ networkId: z.string().min(1).max(64) });
export type NetworkRef = z.infer<typeof networkRef>;
