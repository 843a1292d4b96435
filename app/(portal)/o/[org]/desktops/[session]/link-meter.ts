import type { Level } from "./types";

/** A pause this long ends a burst: what follows was not waiting for the line. */
const BURST_PAUSE_MS = 60;
/** Shorter or smaller bursts say more of the desktop than of the line. */
const LEAST_BYTES = 48 * 1_024;
const LEAST_MS = 20;
/** How much a new measurement moves the estimate. */
const WEIGHT = 0.4;
const ROUND_TRIPS = 5;
const BITS = 8;

/** Bits per second above which a picture of that sharpness comes without a wait: a full screen is about 300 kB sharp and 100 kB saving. */
const SHARP_FROM = 16_000_000;
const BALANCED_FROM = 3_000_000;
/** noVNC's levels (0 to 9): JPEG quality, and how hard zlib works. */
export const LEVELS: Readonly<Record<Level, { readonly quality: number; readonly compression: number }>> = {
  sharp: { quality: 9, compression: 1 },
  balanced: { quality: 6, compression: 3 },
  saving: { quality: 1, compression: 9 },
};

/** Watches what comes over the line: its bandwidth from bursts, its round trip from questions with a known answer. */
export class LinkMeter {
  private burst = { startedAt: 0, lastAt: 0, bytes: 0 };
  private rate: number | null = null;
  private askedAt: number | null = null;
  private trips: number[] = [];

  /** A message of so many bytes arrived; `atMs` on a monotonic clock. */
  received(bytes: number, atMs: number): void {
    if (this.askedAt !== null) {
      this.trips = [...this.trips.slice(1 - ROUND_TRIPS), atMs - this.askedAt];
      this.askedAt = null;
    }
    if (atMs - this.burst.lastAt > BURST_PAUSE_MS) {
      this.endBurst();
      // The first message of a burst came over the line before its clock began.
      this.burst = { startedAt: atMs, lastAt: atMs, bytes: 0 };
      return;
    }
    this.burst = { ...this.burst, lastAt: atMs, bytes: this.burst.bytes + bytes };
  }

  /** A question was sent; the next message is its answer. */
  asked(atMs: number): void {
    this.askedAt = atMs;
  }

  /** Bits per second; null while too little came to say. */
  get bitsPerSecond(): number | null {
    return this.rate;
  }

  /** The middle of the last round trips, milliseconds. */
  get roundTripMs(): number | null {
    return this.trips.toSorted((a, b) => a - b)[Math.floor(this.trips.length / 2)] ?? null;
  }

  /** The sharpest picture that the line carries; sharp until something was measured. */
  get level(): Level {
    if (this.rate === null || this.rate >= SHARP_FROM) return "sharp";
    return this.rate >= BALANCED_FROM ? "balanced" : "saving";
  }

  private endBurst(): void {
    const { startedAt, lastAt, bytes } = this.burst;
    const ms = lastAt - startedAt;
    if (bytes < LEAST_BYTES || ms < LEAST_MS) return;
    const rate = (bytes * BITS * 1_000) / ms;
    this.rate = this.rate === null ? rate : this.rate * (1 - WEIGHT) + rate * WEIGHT;
  }
}
