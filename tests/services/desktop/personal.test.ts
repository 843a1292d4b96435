import { describe, expect, it } from "vitest";
import { decideDesktop, languageOf, personalityOf, surplus, type DesktopWork } from "@/server/desktop";

const MINUTE_MS = 60_000;
const START = new Date("2026-06-08T09:00:00Z");
const at = (minutes: number): Date => new Date(START.getTime() + minutes * MINUTE_MS);
const later = (minutes: number): number => at(minutes).getTime();

/** A person's own desktop that runs since 09:00. */
function work(desktop: Partial<DesktopWork["desktop"]>, more: Partial<Omit<DesktopWork, "desktop">> = {}): DesktopWork {
  return {
    desktop: { id: "dsk_1", number: 1, state: "ready", stateChangedAt: START, assignedUserId: "usr_1", usedByUserId: "usr_1", versionId: "v1", instanceId: "ins_1", unusedSince: START, personalisedAt: null, personalisedAs: null, ...desktop },
    pool: { name: "own", kind: "persistent", idleMinutes: 1, sessionMinutes: 720, versionId: "v1", locale: null, keyboard: null, deletedAt: null, rolloutDeadline: null },
    instance: { id: "ins_1", desiredPower: "running", state: "running", runningSince: START, failures: 0 },
    session: null, person: { name: "Aoi", locale: "ja", desktopLocale: null, keyboard: null }, openConsoles: 0, lastConsoleAt: null, ...more,
  } as DesktopWork;
}

describe("the language of a desktop", () => {
  const nobodys = { locale: null, keyboard: null };
  const person = { locale: "ja", desktopLocale: null, keyboard: null } as const;
  it.each([
    ["is its person's, with the keyboard that goes with it", nobodys, person, "ja_JP.UTF-8", "jp"],
    ["is its pool's where the person chose nothing", { locale: "C.UTF-8", keyboard: null }, person, "C.UTF-8", "us"],
    ["is what the person chose, whatever the pool says", { locale: "C.UTF-8", keyboard: "us" }, { ...person, desktopLocale: "ja_JP.UTF-8", keyboard: "jp" }, "ja_JP.UTF-8", "jp"],
    ["may be on another keyboard", { locale: null, keyboard: "us" }, person, "ja_JP.UTF-8", "us"],
    ["is plain English while it is nobody's", nobodys, null, "en_US.UTF-8", "us"],
  ] as const)("%s", (_name, pool, whose, locale, keyboard) => {
    expect(languageOf(pool, whose)).toEqual({ locale, keyboard });
  });
});

describe("what a guest is told", () => {
  it("is told once a start, and again when it is somebody else's or its person chose anew", () => {
    const first = personalityOf(work({}), "Asia/Tokyo", later(1))!;
    expect(first).toMatchObject({ hostName: "own-1", fullName: "Aoi", locale: "ja_JP.UTF-8", keyboard: "jp" });
    const told = { personalisedAt: at(1), personalisedAs: first.told };
    expect(personalityOf(work(told), "Asia/Tokyo", later(2))).toBeNull();
    expect(personalityOf(work(told, { person: { name: "Bea", locale: "en", desktopLocale: null, keyboard: null } }), "Asia/Tokyo", later(600))).toMatchObject({ fullName: "Bea", keyboard: "us" });
    // It went on after that was told: its clock is an old one.
    expect(personalityOf(work({ ...told, personalisedAt: at(-1) }), "Asia/Tokyo", later(2))).not.toBeNull();
    // A guest whose agent is silent is never given up, only asked seldom.
    expect([later(9), later(600)].map((now) => personalityOf(work({}), "Asia/Tokyo", now)?.seldom)).toEqual([false, true]);
  });

  it("is a name that a list of accounts can hold", () => {
    expect(personalityOf(work({}, { person: { name: "Ren: Sato, Dr.\u0007", locale: "en", desktopLocale: null, keyboard: null } }), "UTC", later(1))?.fullName).toBe("Ren Sato Dr.");
  });
});

describe("the time in which a guest starts up", () => {
  it("is nobody's idleness, until its agent answers or never will", () => {
    const steps = (change: Partial<DesktopWork["desktop"]>, minutes: number) => decideDesktop(work(change), later(minutes)).kind;
    expect([steps({}, 1.5), steps({}, 4.9), steps({}, 5.1)]).toEqual(["none", "none", "suspend"]);
    // It answered after three minutes, and the loop counts from there.
    expect([steps({ personalisedAt: at(3), unusedSince: at(3) }, 3.5), steps({ personalisedAt: at(3), unusedSince: at(3) }, 4)]).toEqual(["none", "suspend"]);
    const free = work({ assignedUserId: null, usedByUserId: null });
    expect([surplus([free], 0, later(2)).length, surplus([free], 0, later(6)).length]).toEqual([0, 1]);
  });

  it("ends no session of a person who waits for it", () => {
    const waiting = (minutes: number) => decideDesktop(work({ state: "disconnected" }, { session: { askedAt: START, readyAt: START } as DesktopWork["session"] }), later(minutes));
    expect([waiting(2), waiting(6)]).toEqual([{ kind: "none" }, { kind: "end-session", reason: "idle" }]);
  });
});
