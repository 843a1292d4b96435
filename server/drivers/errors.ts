/**
 * One error class for every door to the world, so that loops can decide by code and people can read why.
 *
 * - `unreachable`: no connection could be made, or it was lost; nothing is known about the outcome.
 * - `timeout`: the call was sent and no reply came in time; nothing is known about the outcome.
 * - `not-found`: the named object is not there. Deleting it again is a success for the caller to decide.
 * - `already-exists`: the named object is there already.
 * - `locked`: another owner holds the disk or the device; the second wall against a double run.
 * - `stale-epoch`: the caller's fencing epoch is older than the one on the object; the caller must stop.
 * - `invalid`: the request can never succeed as it is.
 * - `unsupported`: this device or guest cannot do it (live resize without hot-plug, say).
 * - `insufficient`: the host lacks memory, disk or slots now.
 * - `refused`: credentials or certificates were not accepted.
 * - `failed`: anything else; `detail` has the other side's own words.
 */
export type DriverErrorCode =
  | "unreachable"
  | "timeout"
  | "not-found"
  | "already-exists"
  | "locked"
  | "stale-epoch"
  | "invalid"
  | "unsupported"
  | "insufficient"
  | "refused"
  | "failed";

export class DriverError extends Error {
  override readonly name = "DriverError";
  constructor(
    readonly code: DriverErrorCode,
    /** What was attempted, on what, and why it did not work, for a person to read. */
    message: string,
    /** The other side's own words and numbers, for the log. */
    readonly detail: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** True when the outcome is unknown: look again before you act again. */
  get outcomeUnknown(): boolean {
    return this.code === "unreachable" || this.code === "timeout";
  }
}
