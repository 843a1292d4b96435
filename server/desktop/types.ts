import type { desktop, desktopAssignment, desktopGroup, desktopPool, desktopSession, goldenImage, goldenVersion, Personalisation, ReadySchedule } from "@/db/schema/desktop";
import type { user } from "@/db/schema/tenancy";

export type GoldenImageRow = typeof goldenImage.$inferSelect;
export type GoldenVersionRow = typeof goldenVersion.$inferSelect;
export type PoolRow = typeof desktopPool.$inferSelect;
export type DesktopRow = typeof desktop.$inferSelect;
export type GroupRow = typeof desktopGroup.$inferSelect;
export type AssignmentRow = typeof desktopAssignment.$inferSelect;
export type SessionRow = typeof desktopSession.$inferSelect;
export type DesktopState = DesktopRow["state"];
export type PoolKind = PoolRow["kind"];
export type Given = SessionRow["given"];
export type { Personalisation, ReadySchedule };
export type GuestLocale = Personalisation["locale"];
export type GuestKeyboard = Personalisation["keyboard"];

/** What a desktop is told of its person: their name, their language in the portal, and what they chose for their desktops (null: as the pool says). */
export type DesktopPerson = Pick<typeof user.$inferSelect, "name" | "locale" | "desktopLocale" | "keyboard">;

/** What a person is told after asking for a desktop. */
export interface Opening {
  readonly sessionId: string;
  /** `ready`: it can be opened now. `coming`: it is theirs and starts. `queued`: all are taken. */
  readonly state: "ready" | "coming" | "queued";
  readonly given: Given;
  readonly poolId: string;
  readonly poolName: string;
  readonly desktopName: string | null;
  /** Whole seconds from now, as this pool has taken lately; null while nothing can be said (the queue). */
  readonly estimateSeconds: number | null;
  /** Place in the queue, from 1; null when it does not wait. */
  readonly place: number | null;
  /** Its instance is on the way to another host, or failing over: why the picture may stand still. */
  readonly moving: "migrating" | "recovering" | null;
  readonly kind: PoolKind;
  /** The layout that its guest has, so that letters without a key of their own find theirs. */
  readonly keyboard: GuestKeyboard;
  /** What the pool allows in it; the gateway holds to the same. */
  readonly allows: { readonly clipboardIn: boolean; readonly clipboardOut: boolean; readonly remoteResize: boolean; readonly filesIn: boolean; readonly filesOut: boolean; readonly fileLimitMiB: number };
  /** What happens in it goes into the audit trail of the organization. */
  readonly isRecorded: boolean;
}

/** A desktop as its person sees it: one a pool that they have a right to. */
export interface MyDesktop {
  readonly poolId: string;
  readonly poolName: string;
  readonly kind: PoolKind;
  readonly state: "available" | "open" | "suspended" | "starting" | "queued" | "unavailable";
  readonly sessionId: string | null;
  readonly desktopName: string | null;
  readonly estimateSeconds: number | null;
  readonly place: number | null;
  readonly lastUsedAt: Date | null;
}

/** A pool with what stands in it. */
export interface PoolView extends Omit<PoolRow, "createdBy" | "nextNumber"> {
  readonly goldenImageName: string;
  readonly versionNumber: number;
  readonly flavorName: string;
  /** Name of the private network that its desktops are in; null: the cluster's shared one. */
  readonly networkName: string | null;
  readonly counts: Readonly<Record<DesktopState, number>>;
  /** Desktops that are of an older version than the pool. */
  readonly outdated: number;
  readonly waiting: number;
  readonly assigned: number;
  /** Wanted ready now, by the minimum and the schedule. */
  readonly wantedReady: number;
}

export interface DesktopView {
  readonly id: string;
  readonly poolId: string;
  readonly name: string;
  readonly instanceId: string | null;
  readonly state: DesktopState;
  readonly stateReason: string | null;
  readonly stateChangedAt: Date;
  readonly versionNumber: number;
  readonly outdated: boolean;
  readonly assignedTo: { readonly userId: string; readonly name: string; readonly email: string } | null;
  /** What its guest was told last and what became of each part; null before the first time. */
  readonly personalisation: Personalisation | null;
}

export interface SessionView {
  readonly id: string;
  readonly poolName: string;
  readonly desktopName: string | null;
  readonly userName: string;
  readonly userEmail: string;
  readonly given: Given;
  readonly askedAt: Date;
  readonly readyAt: Date | null;
  readonly firstOpenedAt: Date | null;
  readonly endedAt: Date | null;
  readonly endReason: string | null;
}

/** What a loop needs to know of a desktop to take its next step. */
export interface DesktopWork {
  readonly desktop: DesktopRow;
  readonly pool: PoolRow;
  /** Of the version that the desktop is, and of the one that the pool wants. */
  readonly imageId: string;
  readonly wantedImageId: string;
  readonly instance: {
    readonly id: string;
    readonly desiredPower: "running" | "stopped" | "suspended";
    readonly deleted: boolean;
    readonly purged: boolean;
    readonly rebuildGeneration: number;
    readonly observedRebuildGeneration: number;
    readonly state: string;
    readonly failures: number;
    readonly hasMemory: boolean;
    readonly runningSince: Date | null;
  } | null;
  /** The session that is not over. */
  readonly session: SessionRow | null;
  /** Consoles of it that are open now. */
  readonly openConsoles: number;
  /** Whose it is; null while it is nobody's. */
  readonly person: DesktopPerson | null;
  /** When the last console of it was closed. */
  readonly lastConsoleAt: Date | null;
}
