/** A private network as its organization sees it. */
export interface NetworkView {
  readonly id: string;
  readonly name: string;
  readonly cidr: string;
  readonly clusterId: string;
  readonly clusterName: string;
  readonly firstAddress: string;
  readonly lastAddress: string;
  /** Addresses that machines can have, and how many have one (those in the trash too). */
  readonly size: number;
  readonly used: number;
  /** Names of the desktop pools whose desktops are in it. */
  readonly pools: readonly string[];
  readonly createdAt: Date;
}
