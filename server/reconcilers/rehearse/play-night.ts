import type { Automation, RehearsalResult } from "@/server/fleet";
import { whyNotSteered } from "../steer/view";
import type { Copy } from "./copy";
import { Course, rhythmOf, runCourse } from "./course";
import { figuresOf } from "./figures";
import { Night } from "./live-night";

/** What a rehearsal comes to; what the loop adds about its own playing is left out. */
export type Outcome = Omit<RehearsalResult, "playedMs">;

/** The loops come every minute; five are enough for moves that take minutes and hosts that sleep for hours. */
const STEP_SECONDS = 300;
/** Large fleets are looked at less often, so that a rehearsal stays a matter of seconds. */
const LARGE_HOSTS = 60;
const LARGE_STEP_SECONDS = 900;

export const stepOf = (copy: Copy): number => (copy.source.snapshot.hosts.size > LARGE_HOSTS ? LARGE_STEP_SECONDS : STEP_SECONDS);

/** The stretch with nothing done by itself, and the same with what the cluster's settings would do. Pure. */
export function playNight(copy: Copy, question: { readonly hours: number; readonly settings: Partial<Automation> }): Outcome {
  const rhythm = rhythmOf(copy.history, copy.takenMs);
  const own = copy.source.automation;
  const thoughtOf = Object.fromEntries(Object.entries(question.settings).filter(([, value]) => value !== undefined));
  const asked = Object.keys(thoughtOf).length > 0;
  const assumedOn = !asked && own.consolidate !== "automatic";
  const automation: Automation = asked ? { ...own, ...thoughtOf } : assumedOn ? { ...own, consolidate: "automatic" } : own;
  const stretch = { fromMs: copy.takenMs, seconds: question.hours * 3_600, stepSeconds: stepOf(copy) };

  const still = new Course(copy, rhythm);
  // Without consolidation nobody sleeps: that is what the energy report compares with, too.
  for (const host of still.hosts.values()) if (host.state === "asleep") still.change(host.id, { state: "up", powerState: "on" });
  const stillRun = runCourse(still, stretch);

  const course = new Course(copy, rhythm, automation);
  const night = new Night(course, stretch.fromMs);
  const trouble = whyNotSteered(course.viewAt(stretch.fromMs));
  const run = runCourse(course, stretch, (view, ms) => night.act(view, ms));

  const endMs = stretch.fromMs + stretch.seconds * 1_000;
  const sleeps = night.events.filter((event) => event.kind === "sleep").length;
  const savedKwh = run.withoutSleepKwh - run.usedKwh - run.movesKwh;
  return {
    from: new Date(stretch.fromMs).toISOString(),
    seconds: stretch.seconds,
    before: figuresOf(still, still.viewAt(endMs), stillRun),
    after: figuresOf(course, course.viewAt(endMs), run),
    currency: automation.electricityCurrency,
    moves: night.moves,
    events: night.events,
    refusals: trouble === null ? [] : [{ name: copy.source.snapshot.cluster.name, text: trouble.text, words: trouble.words }],
    series: run.series,
    foretold: [
      { figure: "moves", unit: "count", value: night.moves.length, bound: Math.max(3, night.moves.length * 0.5) },
      { figure: "sleeps", unit: "count", value: sleeps, bound: 1 },
      { figure: "usedKwh", unit: "kwh", value: run.usedKwh, bound: Math.max(0.05, run.usedKwh * 0.15) },
      { figure: "savedKwh", unit: "kwh", value: savedKwh, bound: Math.max(0.05, Math.abs(savedKwh) * 0.3) },
    ],
    assumed: [...(rhythm.days === 0 ? ["no-history" as const] : []), ...([...course.hosts.values()].some((host) => host.powerCurve === null) ? ["curves" as const] : []), ...(night.assumedWakeTime ? ["wake-time" as const] : []), ...(assumedOn ? ["consolidation-on" as const] : [])],
    historyDays: rhythm.days,
    apply: asked ? "settings" : assumedOn ? "automatic" : null,
    applyHostIds: [],
  };
}
