import type { Meter } from "../types";

/** A thing that is had for a while: metered from records of ours, whether or not anything runs. */
export interface HeldUse {
  readonly meter: Exclude<Meter, "instance">;
  readonly resourceId: string;
  readonly organizationId: string;
  /** The machine that it belongs to; its own id when to none. */
  readonly instanceId: string;
  /** GiB, or 1 of what is counted. */
  readonly quantity: number;
  readonly storageClass: string | null;
  readonly since: Date;
  /** When it was over; null: still had. */
  readonly until: Date | null;
}
