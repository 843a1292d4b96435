/**
 * How the gateway ends a WebSocket, and what the page does about it. 4400..4499 is the private range of RFC 6455 that
 * we use; the last two digits follow the HTTP status that says nearly the same.
 */
export const CLOSE = {
  /** The client closed. */
  clientLeft: 1000,
  /** The ticket is unknown, used or expired. The page fetches a new one and tries once more. */
  ticketRefused: 4401,
  /** Access ended: signed out, removed, suspended, or ended by somebody. The page stops and says why. */
  accessEnded: 4403,
  /** Nobody typed for too long. The page offers a button. */
  idle: 4408,
  /** The longest allowed session is over. The page offers a button. */
  tooLong: 4409,
  /** The machine's side closed: it moved, restarted or stopped. The page fetches a new ticket and reconnects by itself. */
  upstreamClosed: 4410,
  /** The machine cannot be reached now: starting, being failed over, host silent. The page tries again with a growing pause. */
  upstreamUnavailable: 4411,
  /** The client broke the protocol or a size limit. The page stops. */
  protocol: 4413,
  /** This file cannot be brought in or taken out. The page says why. */
  fileRefused: 4422,
  /** Too many consoles on this gateway. The page tries again with a growing pause. */
  busy: 4429,
  /** The gateway stops (RFC 6455's own code). The page fetches a new ticket and reconnects by itself. */
  goingAway: 1001,
} as const;

export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE];

/**
 * Why access ended, as a word at the head of the reason ("[signed-out] You are signed out."), so that the page can say it in its reader's language.
 */
export const ACCESS_ENDINGS = ["ended", "deleted", "disabled", "signed-out", "removed", "role", "closed", "suspended", "unchecked"] as const;
export type AccessEnding = (typeof ACCESS_ENDINGS)[number];

export function accessEnded(why: AccessEnding, text: string): Ending {
  return { code: CLOSE.accessEnded, reason: `[${why}] ${text}` };
}

/** Why a session ended: the code for the page, a sentence for the person, a word for the metrics. */
export interface Ending {
  readonly code: CloseCode;
  /** At most 123 bytes of UTF-8 (RFC 6455, 5.5). */
  readonly reason: string;
}

/** Why a file was not carried, as a word at the head of the reason. */
export const FILE_REFUSALS = ["file-gone", "file-large", "file-no-room", "file-unsupported"] as const;
export type FileRefusal = (typeof FILE_REFUSALS)[number];

export function fileRefused(why: FileRefusal, text: string): Ending {
  return { code: CLOSE.fileRefused, reason: `[${why}] ${text}` };
}
