import type { ClusterSnapshot, HostRule, HostState, Instance, SleepCertificate } from "../types";
import { findOddInstance } from "../model/find-odd";
import { setInstance } from "../model/grow-model";
import { buildModel, hostAt, instanceAt, removeInstance, type Model } from "../model/model";
import { proveCases, sleepersOf, writeProof } from "./prove-reserve";
import { RankedBook } from "./ranked-book";

/** Does the certificate hold, and if not, whose loss is not covered? */
export interface GuardAnswer {
  holds: boolean;
  /** Instances that would find no place; empty while it holds. */
  uncoveredInstanceIds: string[];
}

/** Hosts to switch on so that the certificate holds (again). `enough` is false if even all sleepers are too few. */
export interface WakeAdvice {
  hostIds: string[];
  enough: boolean;
}

/**
 * A sleep certificate that is kept true while the fleet changes: each change touches the backups that it concerns, a handful, and nothing is
 * proved anew. Ask before a change is made (on the guard), and wake what `wakesNeeded` names before it is: then the certificate is never false.
 */
export class SleepGuard {
  private readonly model: Model;
  private readonly book: RankedBook;
  private readonly groupsByInstance = new Map<string, number[]>();
  private readonly rulesByInstance = new Map<string, HostRule[]>();

  /** `certificate`, if there is one, is taken over as far as it still holds; the rest is found again. */
  constructor(snapshot: ClusterSnapshot, certificate: SleepCertificate | null = null) {
    this.model = buildModel(snapshot);
    this.model.groups.forEach((dense, index) => {
      for (const id of new Set(dense.group.instanceIds)) this.groupsByInstance.set(id, [...(this.groupsByInstance.get(id) ?? []), index]);
    });
    for (const rule of snapshot.hostRules) for (const id of new Set(rule.instanceIds)) this.rulesByInstance.set(id, [...(this.rulesByInstance.get(id) ?? []), rule]);
    this.book = new RankedBook(this.model, Math.max(1, snapshot.policy.failoverReserveHosts), sleepersOf(this.model));
    for (const { instanceId, hostIds } of certificate?.backups ?? []) {
      const instance = this.model.instanceIndex.get(instanceId);
      if (instance === undefined) continue;
      for (const id of hostIds) {
        const host = this.model.hostIndex.get(id);
        if (host !== undefined) this.book.adopt(instance, host);
      }
    }
    this.book.coverAll();
  }

  /** An instance as it is now, or as it is about to be: ordered, moved, resized, started or stopped. */
  put(instance: Instance): GuardAnswer {
    const odd = findOddInstance(instance);
    if (odd !== null) throw new RangeError(`putting an instance into the sleep guard: ${odd}`);
    if (instance.hostId !== null && !this.model.hostIndex.has(instance.hostId)) {
      throw new RangeError(`putting ${instance.id} into the sleep guard: the snapshot has no host ${instance.hostId}; make a new guard`);
    }
    const known = this.model.instanceIndex.get(instance.id);
    if (known !== undefined) this.book.release(known);
    const index = setInstance(this.model, instance, this.groupsByInstance.get(instance.id) ?? [], this.rulesByInstance.get(instance.id) ?? []);
    this.book.cover(index);
    const host = this.model.hostOf[index] ?? -1;
    if (host >= 0) this.book.mend(host);
    this.mendGroups(index);
    return this.answer();
  }

  /** An instance is gone. */
  remove(instanceId: string): GuardAnswer {
    const index = this.model.instanceIndex.get(instanceId);
    if (index !== undefined) {
      this.book.release(index);
      removeInstance(this.model, index);
      this.book.cover(index);
    }
    return this.answer();
  }

  /** A host woke, went to sleep, died or came back. */
  setHostState(hostId: string, state: HostState): GuardAnswer {
    const host = this.model.hostIndex.get(hostId);
    if (host === undefined) throw new RangeError(`the sleep guard has no host ${hostId}`);
    this.change(host, state);
    return this.answer();
  }

  answer(): GuardAnswer {
    // Room that appeared may cover what had no place.
    for (const instance of this.book.uncovered) this.book.cover(instance);
    if (this.book.uncovered.size === 0 || proveCases(this.book).unsurvived === null) return { holds: true, uncoveredInstanceIds: [] };
    return { holds: false, uncoveredInstanceIds: [...this.book.uncovered].map((one) => instanceAt(this.model, one).id) };
  }

  /** The fewest sleepers, the quickest first, that must be switched on so that the certificate holds; none while it does. */
  wakesNeeded(): WakeAdvice {
    if (this.answer().holds) return { hostIds: [], enough: true };
    const sleepers = this.model.hosts.flatMap((host, index) => (host.state === "asleep" && !host.maintenance ? [index] : []));
    const wake = (host: number): number => hostAt(this.model, host).wakeSeconds ?? 0;
    const woken: number[] = [];
    let enough = false;
    for (const host of sleepers.toSorted((a, b) => wake(a) - wake(b) || a - b)) {
      this.change(host, "up");
      woken.push(host);
      enough = this.answer().holds;
      if (enough) break;
    }
    for (const host of woken) this.change(host, "asleep");
    return { hostIds: woken.map((host) => hostAt(this.model, host).id), enough };
  }

  /** The certificate as it stands; null while it does not hold. */
  certificate(): SleepCertificate | null {
    const { cases, unsurvived } = proveCases(this.book);
    return unsurvived === null ? writeProof({ book: this.book, cases }) : null;
  }

  private change(host: number, state: HostState): void {
    this.model.hosts[host] = { ...hostAt(this.model, host), state };
    this.book.noteSleep(host, state === "asleep" || state === "waking");
    this.book.mend(host);
  }

  /** A member that moved makes some backups of its peers illegal; those are looked for elsewhere. */
  private mendGroups(instance: number): void {
    for (const index of this.model.groupsOf[instance] ?? []) {
      for (const id of this.model.groups[index]?.group.instanceIds ?? []) {
        const peer = this.model.instanceIndex.get(id);
        if (peer !== undefined && peer !== instance) this.book.recheck(peer);
      }
    }
  }
}
