/** What an organization's quota counts. Units: pieces, vCPUs, MiB, GiB, pieces, pieces. */
export const RESOURCES = ["instances", "vcpus", "memoryMiB", "storageGiB", "publicAddresses", "snapshots"] as const;
export type Resource = (typeof RESOURCES)[number];

/** A number for every resource. */
export type Amounts = Readonly<Record<Resource, number>>;
/** What one claim asks for; a resource that is not named is not asked for. */
export type Claim = Readonly<Partial<Record<Resource, number>>>;

export type HoldPurpose = "order" | "resize" | "image-import" | "snapshot";

/** One resource of a quota: what may be had, what is, what is asked for and not decided yet, what is left. */
export interface ResourceState {
  readonly limit: number;
  readonly committed: number;
  readonly held: number;
  /** Never below 0: after a limit was lowered under what is in use, nothing is left and nothing is taken away. */
  readonly left: number;
}

export interface Quota {
  readonly organizationId: string;
  readonly resources: Readonly<Record<Resource, ResourceState>>;
}

/** What a change of one limit would do. */
export interface LimitEffect {
  readonly resource: Resource;
  readonly limitBefore: number;
  readonly limitAfter: number;
  readonly used: number;
  readonly leftAfter: number;
  /** How far use lies above the new limit; running machines keep it, nothing new is admitted until it is 0. */
  readonly overBy: number;
}

/** Names the thing that a claim is made for; one open hold for each subject and purpose. */
export interface HoldKey {
  readonly organizationId: string;
  readonly subjectId: string;
  readonly purpose: HoldPurpose;
}
