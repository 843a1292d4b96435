/** What the page does after the gateway closed: numbers as in server/console/close-codes.ts. */
export type NextStep = "again" | "again-soon" | "ask" | "stop";

const STEPS: Readonly<Record<number, NextStep>> = {
  // The gateway stops; the machine moved, restarted or stopped; a ticket came too late: a new ticket, at once.
  1001: "again-soon",
  1006: "again",
  4401: "again",
  4410: "again-soon",
  // Starting, failed over, host silent; the gateway is full: a growing pause.
  4411: "again",
  4429: "again",
  // Nobody typed for long, or the longest session is over: a person decides.
  1000: "ask",
  4408: "ask",
  4409: "ask",
  // Access ended, or we broke the protocol.
  4403: "stop",
  4413: "stop",
};

/** Closings that we have a sentence for; the reasons that the gateway sends are English and for logs. */
const SENTENCES = { 1001: "gateway", 1006: "lost", 4401: "late", 4408: "idle", 4409: "long", 4410: "moved", 4411: "unreachable", 4413: "protocol", 4429: "busy" } as const satisfies Readonly<Record<number, string>>;
/** Why access ended, from the head of the reason: as in server/console/close-codes.ts. */
const ACCESS = ["ended", "deleted", "disabled", "signed-out", "removed", "role", "closed", "suspended", "unchecked"] as const;

export type EndingName = (typeof SENTENCES)[keyof typeof SENTENCES] | (typeof ACCESS)[number];

/** Which of our sentences says why it closed; "lost" where the gateway did not say. */
export function endingOf(code: number, reason: string): EndingName {
  const why = /^\[([a-z-]+)\]/.exec(reason)?.[1];
  return ACCESS.find((name) => name === why) ?? (code in SENTENCES ? SENTENCES[code as keyof typeof SENTENCES] : "lost");
}

export function nextStep(code: number): NextStep {
  return STEPS[code] ?? "again";
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;

/** Doubles from half a second to eight; a failover takes about ten seconds, so it is noticed within a few more. */
export function pauseMs(failures: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 5));
}
