/** `files`: the folder through which a desktop's person exchanges files with it. */
export type ConsoleKind = "vnc" | "serial" | "files";

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

/** What the console of a desktop may do; the gateway holds to it. */
export interface DesktopPolicy {
  /** The console ends when this use of the desktop is over. */
  readonly desktopSessionId: string;
  readonly clipboardIn: boolean;
  readonly clipboardOut: boolean;
  readonly remoteResize: boolean;
  /** Without input for so long it is closed. */
  readonly idleSeconds: number;
  /** One use of the folder for files in place of the screen. */
  readonly file?: DesktopFile;
}

/** What one ticket for files allows. */
export type DesktopFile =
  | { readonly way: "list" }
  /** `bytes`: the size of what is brought in. */
  | { readonly way: "in"; readonly name: string; readonly bytes: number }
  /** `bytes`: the most that may be taken out. */
  | { readonly way: "out"; readonly name: string; readonly bytes: number };

/** A console that is open now: who looks at what. */
export interface LiveConsoleView {
  readonly id: string;
  readonly instanceId: string;
  readonly instanceName: string;
  readonly userId: string;
  /** Null for staff of the provider, whom a tenant does not know by name. */
  readonly userName: string | null;
  readonly userEmail: string | null;
  readonly kind: ConsoleKind;
  readonly viewOnly: boolean;
  readonly startedAt: Date;
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
