import { readObserved, recordObservation, type ObservedRow } from "@/server/compute";
import { noteHeartbeats, readFleet, type AllocationRow, type Fleet, type Heartbeat, type HostRow } from "@/server/fleet";
import { meterObservations, type HostUsageFact } from "@/server/metering";
import { inTransaction } from "@/server/platform/transaction";
import { compareWord } from "./observe/compare";
import { applyConsequence, consequence, type Liveness } from "./observe/host-liveness";
import { pollHost, type PollResult } from "./observe/poll";
import { noteStorage } from "./observe/storage";
import { takeSamples } from "./observe/samples";
import { Turns } from "./observe/turns";
import type { LoopDefinition, Pass, PassOutcome } from "./types";

const PERIOD_MS = 1_000;
/** A pass does not wait longer for slow hosts: their answers are taken by the next one. */
const GATHER_MS = 600;
/** Open usage windows are confirmed at least so often; in between the host's own heartbeat stands for them. */
const METER_EVERY_MS = 10_000;
/** In a large fleet less often: confirming a thousand hosts every ten seconds would cost more than observing them. */
const METER_MANY_EVERY_MS = 30_000;
const MANY_HOSTS = 200;
const SAMPLE_EVERY_MS = 60_000;
/** A pass that was late must not make the next one later: what is owed is paid in parts. */
const METERED_A_PASS = 150;
/** Hosts of one statement: the database joins what it is told without an index, so the work grows with the square. */
const METERED_AT_ONCE = 50;
const WATCHED: readonly HostRow["state"][] = ["up", "suspect", "isolated", "unreachable", "fencing", "fenced", "returning", "asleep", "quarantined"];

/**
 * Asks every host what it runs, all at once, and writes down what is news. Slow hosts keep nobody waiting. Nothing is
 * decided here but whether a host is there.
 */
export class HostObserver implements LoopDefinition {
  readonly name = "observe-hosts";
  readonly periodMs = PERIOD_MS;
  private readonly polling = new Set<string>();
  private answers: PollResult[] = [];
  private readonly lastPollMs = new Map<string, number>();
  private readonly meterTurns = new Turns(METER_EVERY_MS);
  private readonly meterManyTurns = new Turns(METER_MANY_EVERY_MS);
  private readonly sampleTurns = new Turns(SAMPLE_EVERY_MS);
  /** Hosts whose turn to be metered has come, and which did not fit into a pass yet. */
  private readonly owed = new Set<string>();
  /** What each host's last word showed running, with sizes. Unknown after a worker began: its first word is metered whatever it says. */
  private readonly shown = new Map<string, ReadonlyMap<string, string>>();
  private readonly watching = new Map<string, { readonly uri: string; readonly stop: () => void }>();
  private readonly urgent = new Set<string>();
  private gathered: (() => void) | null = null;
  /** True while a machine stands still because its storage is full. */
  private held = false;

  async pass(pass: Pass): Promise<PassOutcome> {
    const fleet = await readFleet(pass.context, { allocations: false });
    this.begin(pass, fleet);
    await this.gather(pass);
    const answers = newestOfEach(this.answers);
    this.answers = [];
    if (answers.length > 0) await this.write(pass, answers);
    await noteStorage(pass, fleet, this.held);
    return { backlog: this.polling.size, againInMs: this.untilNextMs(pass) };
  }

  /** Ends the watches; for a worker that stops. */
  close(): void {
    for (const { stop } of this.watching.values()) stop();
    this.watching.clear();
  }

  private begin(pass: Pass, fleet: Fleet): void {
    const nowMs = pass.context.clock.nowMs();
    const present = new Set<string>();
    for (const host of fleet.hosts.values()) {
      if (!WATCHED.includes(host.state)) continue;
      present.add(host.id);
      this.watch(pass, host);
      const due = this.urgent.has(host.id) || nowMs - (this.lastPollMs.get(host.id) ?? -Infinity) >= PERIOD_MS * 0.9;
      if (!due || this.polling.has(host.id)) continue;
      this.urgent.delete(host.id);
      this.lastPollMs.set(host.id, nowMs);
      this.polling.add(host.id);
      void this.poll(pass, host);
    }
    pass.machines.forgetAllBut(new Set([...fleet.hosts.values()].map((host) => host.id)));
    for (const [hostId, { stop }] of this.watching) {
      if (present.has(hostId)) continue;
      stop();
      this.watching.delete(hostId);
      this.lastPollMs.delete(hostId);
    }
    // A hint from a host that is not watched any more would never be taken.
    for (const hostId of this.urgent) if (!present.has(hostId)) this.urgent.delete(hostId);
  }

  private async poll(pass: Pass, host: HostRow): Promise<void> {
    try {
      const answer = await pollHost(pass.context.clock, host.id, pass.machines.host(host));
      // Only now: while the host was asked, a pass may have taken the list and begun a new one.
      this.answers.push(answer);
    } catch (error) {
      pass.context.logger.error({ host: host.name, err: error }, "a host could not be asked");
    } finally {
      this.polling.delete(host.id);
      if (this.polling.size === 0) this.gathered?.();
      // An answer that came after its pass had ended is taken at once.
      if (!this.gathered) pass.wake(this.name);
    }
  }

  private async gather(pass: Pass): Promise<void> {
    if (this.polling.size === 0) return;
    const enough = new AbortController();
    const all = new Promise<void>((resolve) => {
      this.gathered = resolve;
    });
    const late = pass.context.clock.sleep(GATHER_MS, enough.signal).catch(() => undefined);
    await Promise.race([all, late]);
    this.gathered = null;
    enough.abort(new Error("gathered"));
  }

  /** Events are hints: each leads to one look at its host. */
  private watch(pass: Pass, host: HostRow): void {
    if (this.watching.get(host.id)?.uri === host.uri) return;
    this.watching.get(host.id)?.stop();
    const hint = (): void => {
      this.urgent.add(host.id);
      pass.wake(this.name);
    };
    this.watching.set(host.id, { uri: host.uri, stop: pass.machines.host(host).watch(hint, hint) });
  }

  /** Until the next host wants a look. One that is being asked wakes this loop when it answers, however late. */
  private untilNextMs(pass: Pass): number {
    if (this.answers.length > 0 || [...this.urgent].some((hostId) => !this.polling.has(hostId))) return 0;
    const oldest = Math.min(...[...this.lastPollMs].filter(([hostId]) => !this.polling.has(hostId)).map(([, atMs]) => atMs), Infinity);
    return oldest === Infinity ? PERIOD_MS : Math.max(20, oldest + PERIOD_MS - pass.context.clock.nowMs());
  }

  private async write(pass: Pass, answers: readonly PollResult[]): Promise<void> {
    const { context } = pass;
    // Read after the answers came: what was decided meanwhile is known, and older answers lose against newer rows.
    const fleet = await readFleet(context);
    const allocatedOn = new Map<string, AllocationRow[]>();
    for (const row of fleet.allocations.values()) {
      const here = allocatedOn.get(row.hostId);
      if (here) here.push(row);
      else allocatedOn.set(row.hostId, [row]);
    }
    const nowMs = context.clock.nowMs();
    const meterTurns = fleet.hosts.size > MANY_HOSTS ? this.meterManyTurns : this.meterTurns;
    const showing = new Map<string, ReadonlyMap<string, string>>();
    let strays = false;
    let changed = 0;
    let known: ReadonlyMap<string, ObservedRow> = new Map();
    await inTransaction(context, async (tx) => {
      const observed = await readObserved(tx, context);
      known = observed;
      this.held = [...observed.values()].some((row) => row.state === "paused" && row.reason === "io-error");
      const beats: Heartbeat[] = [];
      const changedFacts: HostUsageFact[] = [];
      const dueFacts: HostUsageFact[] = [];
      const rows = [];
      for (const answer of answers) {
        const host = fleet.hosts.get(answer.hostId);
        if (!host) continue;
        const silentSince = answer.silent && notOlderThan(answer.askedAt, host.lastSeenAt) ? answer.askedAt : null;
        beats.push({ hostId: host.id, answeredAt: answer.observation ? answer.askedAt : null, silentSince, clockSkewMs: answer.clockSkewMs });
        // A dead host's old words are void; one that returns is listened to after it was cleaned.
        if (!answer.observation || host.state === "fenced" || host.state === "asleep") continue;
        const word = { hostId: host.id, askedAt: answer.askedAt, domains: answer.observation.domains };
        const compared = compareWord(word, allocatedOn.get(host.id) ?? [], { allocations: fleet.allocations, migrations: fleet.migrations, observed });
        rows.push(...compared.rows);
        strays ||= compared.strays;
        const sizes = new Map(answer.observation.domains.map((domain) => [domain.instanceId, `${domain.vcpus}/${domain.memoryMiB}/${domain.epoch}`]));
        const running = new Map(compared.running.map(({ instanceId }) => [instanceId, sizes.get(instanceId) ?? ""]));
        showing.set(host.id, running);
        // What stopped, started or changed its size is metered by the first word that shows it, also when the loop that did it wrote that
        // down already: a run ends at the last word that showed it, and that is the word before only now.
        const news = compared.rows.length > 0 || !sameRunning(this.shown.get(host.id), running);
        if (meterTurns.due(host.id, nowMs)) this.owed.add(host.id);
        if (news || (this.owed.has(host.id) && dueFacts.length < METERED_A_PASS)) {
          this.owed.delete(host.id);
          (news ? changedFacts : dueFacts).push({ hostId: host.id, confirmedThrough: answer.askedAt, previouslyConfirmedThrough: host.lastSeenAt, running: compared.running });
        }
      }
      await noteHeartbeats(tx, beats);
      if (rows.length > 0) changed = (await recordObservation(tx, context, rows)).length;
      // What changed is metered together, so that a guest that left one host for another is one run.
      for (const facts of [changedFacts, dueFacts]) {
        for (let at = 0; at < facts.length; at += METERED_AT_ONCE) await meterObservations(tx, context, facts.slice(at, at + METERED_AT_ONCE));
      }
    });
    // Only what was committed was heard: a transaction that failed took its heartbeats with it.
    for (const [hostId, running] of showing) this.shown.set(hostId, running);
    if (changed > 0) pass.wake("converge-instances");
    if (strays) pass.wake("remove-strays");
    await this.follow(pass, fleet, answers, allocatedOn);
    await takeSamples(pass, fleet, known, answers, this.sampleTurns);
  }

  private async follow(pass: Pass, fleet: Fleet, answers: readonly PollResult[], allocatedOn: ReadonlyMap<string, readonly AllocationRow[]>): Promise<void> {
    const nowMs = pass.context.clock.nowMs();
    for (const answer of answers) {
      const host = fleet.hosts.get(answer.hostId);
      const cluster = host ? fleet.clusters.get(host.clusterId) : undefined;
      if (!host || !cluster) continue;
      const silentSince = answer.silent ? (host.silentSince ?? (notOlderThan(answer.askedAt, host.lastSeenAt) ? answer.askedAt : null)) : null;
      const liveness: Liveness = { host, cluster, answeredAskedAt: answer.observation ? answer.askedAt : null, silentSince };
      if (consequence(liveness, nowMs)) await applyConsequence(pass, liveness, allocatedOn.get(host.id) ?? []);
    }
  }
}

function sameRunning(before: ReadonlyMap<string, string> | undefined, now: ReadonlyMap<string, string>): boolean {
  return before?.size === now.size && [...now].every(([instanceId, size]) => before.get(instanceId) === size);
}

function notOlderThan(askedAt: Date, lastSeenAt: Date | null): boolean {
  return lastSeenAt === null || askedAt >= lastSeenAt;
}

/** A host that answered late and was asked again has spoken twice in one pass: its newer word counts. Pure. */
export function newestOfEach(answers: readonly PollResult[]): PollResult[] {
  const newest = new Map<string, PollResult>();
  for (const answer of answers) {
    const other = newest.get(answer.hostId);
    if (!other || answer.askedAt >= other.askedAt) newest.set(answer.hostId, answer);
  }
  return [...newest.values()];
}
