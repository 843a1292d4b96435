import { describe, expect, it } from "vitest";
import { DriverError } from "@/server/drivers/errors";
import type { PowerDevice, SecondRole } from "@/server/drivers/power/types";
import { HostPower, isCutInVain, isDisagreement } from "@/server/reconcilers/fence/host-power";

type Mood = "obeys" | "silent" | "refuses" | "stays on";

/** A device as it answers, with what was asked of it. */
function device(mood: Mood, on = true): PowerDevice & { readonly asked: string[]; on_: boolean } {
  const asked: string[] = [];
  const trouble = (): DriverError | null => (mood === "silent" ? new DriverError("timeout", "It did not answer.") : mood === "refuses" ? new DriverError("refused", "It knows no such account.") : null);
  const made = {
    kind: "simulated" as const, canFence: true, asked, on_: on,
    status: () => { asked.push("status"); const error = trouble(); return error ? Promise.reject(error) : Promise.resolve(made.on_ ? ("on" as const) : ("off" as const)); },
    off: () => { asked.push("off"); const error = trouble() ?? (mood === "stays on" ? new DriverError("failed", "It still says on.") : null); if (error) return Promise.reject(error); made.on_ = false; return Promise.resolve(); },
    on: () => { asked.push("on"); const error = trouble(); if (error) return Promise.reject(error); made.on_ = true; return Promise.resolve(); },
    powerReading: () => Promise.resolve(null),
  };
  return made;
}

const clock = { now: () => new Date(0), nowMs: () => 0, sleep: () => Promise.resolve() };
const power = (first: PowerDevice, role: SecondRole, second: PowerDevice) => new HostPower(first, { role, device: second }, clock);
const ORDER = { timeoutMs: 100, firstTimeoutMs: 50, skipSecond: false, beforeSecond: () => Promise.resolve(true) };
/** Who confirmed it, or why it is no fence. */
const cut = (host: HostPower, order = ORDER): Promise<string | null> => host.cut(order).catch((error: unknown) => (error instanceof DriverError ? (isDisagreement(error) ? "disagree" : error.code) : String(error)));

describe("a host with two power devices", () => {
  it.each<[SecondRole, Mood, Mood, string]>([
    ["outlet", "obeys", "obeys", "first"],
    ["outlet", "silent", "obeys", "second"],
    // Whoever has no mains any more can neither say "on" nor turn an account away.
    ["outlet", "stays on", "obeys", "disagree"],
    ["outlet", "refuses", "obeys", "disagree"],
    ["outlet", "silent", "silent", "timeout"],
    ["outlet", "silent", "refuses", "refused"],
    ["controller", "silent", "obeys", "second"],
    ["controller", "refuses", "obeys", "second"],
    ["controller", "stays on", "obeys", "disagree"],
    // The second one says "on" of a host that the first calls off.
    ["controller", "obeys", "stays on", "disagree"],
    ["controller", "obeys", "silent", "first"],
    ["both", "obeys", "obeys", "both"],
    ["both", "obeys", "stays on", "failed"],
    ["both", "stays on", "obeys", "failed"],
    ["both", "silent", "obeys", "timeout"],
    ["both", "obeys", "refuses", "refused"],
  ])("as %s, with a first that %s and a second that %s: %s", async (role, first, second, outcome) => {
    expect(await cut(power(device(first), role, device(second)))).toBe(outcome);
  });

  it("believes a look by the same rules, and gives no orders for it", async () => {
    const look = (host: HostPower) => host.look(50).then((seen) => (seen.state === "off" ? seen.by : "on"), (error: unknown) => (error instanceof DriverError && isDisagreement(error) ? "disagree" : "nobody knows"));
    expect(await look(power(device("obeys", false), "outlet", device("obeys")))).toBe("first");
    expect(await look(power(device("silent"), "outlet", device("obeys", false)))).toBe("second");
    expect(await look(power(device("silent"), "outlet", device("obeys")))).toBe("nobody knows");
    expect(await look(power(device("obeys"), "outlet", device("obeys", false)))).toBe("on");
    expect(await look(power(device("obeys", false), "controller", device("obeys")))).toBe("disagree");
    expect(await look(power(device("obeys", false), "both", device("obeys")))).toBe("on");
    expect(await look(power(device("obeys", false), "both", device("silent")))).toBe("nobody knows");
    expect(await look(power(device("obeys", false), "both", device("obeys", false)))).toBe("both");
  });

  it("says whether it cut an outlet in vain, and leaves one alone that was off before or that it was told to leave", async () => {
    const live = device("obeys");
    const error = await power(device("refuses"), "outlet", live).cut(ORDER).then(() => null, (cause: unknown) => cause);
    expect(error instanceof DriverError && isCutInVain(error)).toBe(true);
    const dark = device("obeys", false);
    const other = await power(device("refuses"), "outlet", dark).cut(ORDER).then(() => null, (cause: unknown) => cause);
    expect(other instanceof DriverError && isDisagreement(other) && !isCutInVain(other)).toBe(true);
    expect(dark.asked).not.toContain("off");
    const spared = device("obeys");
    expect(await cut(power(device("silent"), "outlet", spared), { ...ORDER, skipSecond: true })).toBe("timeout");
    expect(await cut(power(device("silent"), "outlet", spared), { ...ORDER, beforeSecond: () => Promise.resolve(false) })).toBe(null);
    expect(spared.asked).not.toContain("off");
  });

  it("is switched on as a whole, its outlet first, and sleeps by what puts it to sleep", async () => {
    const [first, outlet] = [device("obeys", false), device("obeys", false)];
    await power(first, "outlet", outlet).on({ timeoutMs: 50 });
    expect([first.on_, outlet.on_]).toEqual([true, true]);
    await power(device("obeys", false), "outlet", device("silent")).on({ timeoutMs: 50 });
    await expect(power(device("silent"), "outlet", device("obeys", false)).on({ timeoutMs: 50 })).rejects.toThrow("did not answer");
    await expect(power(device("obeys", false), "both", device("silent")).on({ timeoutMs: 50 })).rejects.toThrow("did not answer");
    const [a, b] = [device("obeys"), device("obeys")];
    await power(a, "outlet", b).forSleep().off();
    expect([a.on_, b.on_]).toEqual([false, true]);
    await power(device("obeys"), "both", b).forSleep().off();
    expect(b.on_).toBe(false);
  });
});
