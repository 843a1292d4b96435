import { describe, expect, it } from "vitest";
import { ClipboardHold, type ClipboardState } from "@/server/console/clipboard-hold";

const message = (text: string): Buffer => Buffer.from(text);

/** A hold over a machine whose clipboard stands as it is set here. */
function held(state: { now: ClipboardState | "lost" }) {
  const repeated: string[] = [];
  let looks = 0;
  let failures = 0;
  const hold = new ClipboardHold({
    look: async () => {
      looks += 1;
      if (state.now === "lost") throw new Error("no answer");
      return state.now;
    },
    repeat: (text) => repeated.push(text.toString()),
    failed: () => {
      failures += 1;
    },
  });
  return { hold, repeated, looks: () => looks, failures: () => failures };
}

describe("a text for a guest that does not listen yet", () => {
  it("is said once more when it does, the newest alone, and never again", async () => {
    const state: { now: ClipboardState } = { now: "waiting" };
    const { hold, repeated, looks } = held(state);
    hold.said(message("first"));
    hold.said(message("second"));
    await expect.poll(looks, { timeout: 60_000 }).toBe(1);
    state.now = "open";
    await expect.poll(() => repeated, { timeout: 60_000 }).toEqual(["second"]);
    const asked = looks();
    hold.said(message("third"));
    expect([repeated, looks()]).toEqual([["second"], asked]);
    hold.stop();
  });

  it("is left alone where the guest listens already, has no clipboard, or cannot be asked", async () => {
    for (const now of ["open", "none", "lost"] as const) {
      const { hold, repeated, looks, failures } = held({ now });
      hold.said(message("text"));
      await expect.poll(looks, { timeout: 60_000 }).toBe(1);
      await expect.poll(failures, { timeout: 60_000 }).toBe(now === "lost" ? 1 : 0);
      hold.stop();
      expect(repeated).toEqual([]);
    }
  });
});
