import fc from "fast-check";
import { expect, it } from "vitest";
import { DriverError } from "@/server/drivers/errors";
import { changePower } from "@/server/drivers/power/change-power";
import type { Clock } from "@/server/platform/clock";

/** A clock that jumps: sleeping and answering cost virtual time only. */
function jumpingClock(): Clock & { pass(ms: number): void } {
  let now = 0;
  return { nowMs: () => now, now: () => new Date(now), pass: (ms) => (now += ms), sleep: (ms) => { now += ms; return Promise.resolve(); } };
}

const behaviour = fc.record({
  answerMs: fc.integer({ min: 0, max: 3_000 }),
  /** One fate a call: an answer, silence until its time-out, or a broken-off command that was carried out all the same. */
  fates: fc.array(fc.constantFrom("answers", "silent", "lost"), { minLength: 1, maxLength: 12 }),
  delayMs: fc.integer({ min: 0, max: 40_000 }),
  initial: fc.constantFrom<"on" | "off">("on", "off"),
});

it("never returns unless the device reported the state, and always ends near its bound", async () => {
  await fc.assert(
    fc.asyncProperty(behaviour, async ({ answerMs, fates, delayMs, initial }) => {
      const clock = jumpingClock();
      const timeoutMs = 20_000;
      let offAt = initial === "off" ? 0 : Number.POSITIVE_INFINITY;
      let call = 0;
      const meet = (limitMs: number, act: () => void) => {
        const fate = fates[call++ % fates.length];
        if (fate !== "silent") act();
        if (fate !== "answers" || answerMs > limitMs) {
          clock.pass(limitMs);
          throw new DriverError("timeout", "silence");
        }
        clock.pass(answerMs);
      };
      const reported: string[] = [];
      const done = await changePower({
        device: "a device",
        wanted: "off",
        timeoutMs,
        clock,
        ask: (limitMs) => Promise.resolve().then(() => {
          meet(limitMs, () => undefined);
          const state = clock.nowMs() >= offAt ? "off" : "on";
          reported.push(state);
          return state;
        }),
        command: (limitMs) => Promise.resolve().then(() => meet(limitMs, () => (offAt = Math.min(offAt, clock.nowMs() + delayMs)))),
      }).then(() => true, (cause: unknown) => {
        expect(cause).toBeInstanceOf(DriverError);
        return false;
      });
      expect(clock.nowMs()).toBeLessThanOrEqual(timeoutMs + 1);
      if (done) expect(reported.at(-1)).toBe("off");
      else expect(reported.at(-1)).not.toBe("off");
    }),
    { numRuns: 500 },
  );
});

it("gives up at once when the credentials are refused", async () => {
  const clock = jumpingClock();
  const refuse = () => Promise.reject(new DriverError("refused", "wrong password"));
  await expect(changePower({ device: "a device", wanted: "off", timeoutMs: 20_000, clock, ask: refuse, command: refuse })).rejects.toMatchObject({ code: "refused" });
  expect(clock.nowMs()).toBe(0);
});
