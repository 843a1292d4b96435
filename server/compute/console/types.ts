export type ConsoleKind = "vnc" | "serial";

/** What the browser gets, once. */
export interface ConsoleTicket {
  /** The secret itself; only its digest is stored. */
  readonly ticket: string;
  /** Path and query on the console gateway, e.g. `/console/<ticket>?kind=vnc`. */
  readonly path: string;
  readonly kind: ConsoleKind;
  readonly viewOnly: boolean;
  readonly expiresAt: Date;
}

/** An open or ended console, as its organization sees it. */
export interface ConsoleSessionView {
  readonly id: string;
  readonly instanceId: string;
  readonly userId: string;
  readonly kind: ConsoleKind;
  readonly viewOnly: boolean;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly endReason: string | null;
  readonly bytesToClient: number;
  readonly bytesFromClient: number;
}
