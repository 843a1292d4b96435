import { FIRST_BATCH_MS } from "./event-recorder";

/** Every bound of the gateway in one place; tests lower them. */
export interface GatewayLimits {
  /** Without input from the person. */
  readonly idleMs: number;
  readonly sessionMs: number;
  /** Largest WebSocket message from a client: the largest clipboard text that we carry, and a little. */
  readonly maxMessageBytes: number;
  /** Sent to a client and not taken by it yet: above `high` the machine's side is paused, below `low` it goes on. */
  readonly highWaterBytes: number;
  readonly lowWaterBytes: number;
  readonly heartbeatMs: number;
  /** How often open sessions are checked for revocation when no notification came. */
  readonly revocationCheckMs: number;
  /** When the check itself could not be made for this long, everything is closed: no answer is no permission. */
  readonly blindMs: number;
  /** To open the machine's side, handshake included. */
  readonly upstreamMs: number;
  /** For clients to answer the close when the gateway stops. */
  readonly drainMs: number;
  readonly maxSessions: number;
  /** How long what happens in a recorded session is gathered before it is first written; each batch waits twice as long as the one before. */
  readonly recordMs: number;
}

export const DEFAULT_LIMITS: GatewayLimits = {
  idleMs: 30 * 60_000,
  sessionMs: 8 * 3_600_000,
  maxMessageBytes: 1_114_112,
  highWaterBytes: 1_048_576,
  lowWaterBytes: 262_144,
  heartbeatMs: 15_000,
  revocationCheckMs: 2_000,
  blindMs: 60_000,
  upstreamMs: 10_000,
  drainMs: 5_000,
  maxSessions: 2_000,
  recordMs: FIRST_BATCH_MS,
};
