import { compareFigures, measureEmptying, measureLoss, measureStretch, resultOf, type MeasuredLoss, type Receipt, type RehearsalRow } from "@/server/fleet";
import { rehearsalQuestion } from "@/server/fleet/rehearsal/schema";
import type { Pass } from "../types";
import { readCopy } from "./copy";
import { Course, rhythmOf } from "./course";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const LOOK_AGAIN_MS = 5 * MINUTE_MS;
/** Desktops are ordered a little before or after the hour that was named. */
const AROUND_MS = 30 * MINUTE_MS;

type Verdict = { readonly receipt: Receipt } | { readonly again: Date };

/** What really happened beside what a rehearsal foretold; or when to look again, because it goes on. */
export async function compareRehearsal(pass: Pick<Pass, "context">, row: RehearsalRow): Promise<Verdict> {
  const { context } = pass;
  const question = rehearsalQuestion.parse(row.question);
  const result = resultOf(row);
  const now = context.clock.now();
  if (!result || !row.playedAt) return { again: new Date(now.getTime() + DAY_MS) };
  const from = row.appliedAt ?? new Date(result.from);
  const receipt = (measured: Readonly<Record<string, number | null>>, note: Receipt["note"], to = now): Verdict => ({ receipt: { figures: compareFigures(result.foretold, measured), from: from.toISOString(), to: to.toISOString(), note } });
  switch (question.kind) {
    case "tonight": {
      const to = new Date(new Date(result.from).getTime() + result.seconds * 1_000);
      const { moves, sleeps, usedKwh, savedKwh } = await measureStretch(context, row.clusterId, new Date(result.from), to);
      return receipt({ moves, sleeps, usedKwh, savedKwh }, result.apply !== null && row.appliedAt === null ? "not-applied" : null, to);
    }
    case "lose-host": {
      const loss = await measureLoss(context, question.hostId, row.playedAt);
      if (loss) return receipt(lossFigures(loss), null, loss.closedAt);
      const given = new Date(result.from).getTime() + 7 * DAY_MS;
      return now.getTime() < given ? { again: new Date(Math.min(given, now.getTime() + LOOK_AGAIN_MS)) } : receipt({}, "nothing-happened");
    }
    case "ratio": {
      const copy = await readCopy(pass, row.clusterId);
      const { snapshot } = copy.source;
      const hosts = [...snapshot.hosts.values()].filter((host) => ["up", "asleep", "isolated", "returning"].includes(host.state));
      return receipt({ vcpusSellable: hosts.reduce((sum, host) => sum + Math.floor(host.cores * snapshot.cluster.cpuRatio), 0), waiting: snapshot.waiting.length, hottestFraction: hottestOf(copy) }, snapshot.cluster.cpuRatio === question.cpuRatio ? null : "settings-changed");
    }
    case "add-desktops": {
      const at = (row.compareAt ?? now).getTime() - AROUND_MS;
      const copy = await readCopy(pass, row.clusterId);
      const came = [...copy.source.snapshot.instances.values()].filter((one) => one.flavorId === question.flavorId && Math.abs(one.createdAt.getTime() - at) <= AROUND_MS);
      const placed = came.filter((one) => copy.source.snapshot.allocations.has(one.id)).length;
      const { wakes } = await measureStretch(context, row.clusterId, new Date(at - 2 * AROUND_MS), now);
      return receipt({ placed, wakes, hottestFraction: hottestOf(copy) }, came.length === 0 ? "nothing-happened" : null);
    }
    case "retire-hosts": {
      const done = await measureEmptying(context, result.applyHostIds, from);
      const late = now.getTime() - from.getTime() > DAY_MS;
      if (!done.empty && !done.calledOff && !late) return { again: new Date(now.getTime() + MINUTE_MS) };
      return receipt({ moves: done.moves, emptySeconds: done.empty ? ((done.lastAt ?? from).getTime() - from.getTime()) / 1_000 : null, longestPauseMs: done.longestPauseMs }, done.calledOff ? "settings-changed" : null);
    }
  }
}

function hottestOf(copy: Awaited<ReturnType<typeof readCopy>>): number {
  const { loads } = new Course(copy, rhythmOf(copy.history, copy.takenMs)).viewAt(copy.takenMs);
  return Math.max(0, ...[...loads.values()].map((load) => (load.capacityMillicores === 0 ? 0 : load.demandMillicores / load.capacityMillicores)));
}

/** Figures of an incident by the names under which a loss was foretold; `sinceMs` moves its beginning, where a drill knows when the power went. */
export function lossFigures(loss: MeasuredLoss, since: Date = loss.openedAt): Record<string, number | null> {
  const number = (name: string): number | null => (typeof loss.figures[name] === "number" ? loss.figures[name] : null);
  const lateMs = Math.max(0, loss.openedAt.getTime() - since.getTime());
  const detectMs = number("detectMs");
  return { detectMs: detectMs === null ? null : detectMs + lateMs, fenceMs: number("fenceMs"), backMs: loss.closedAt.getTime() - since.getTime(), restarted: number("back") };
}
