import type { Random } from "@/server/platform/random";
import { drainHost, cancelDrain, returnToService } from "@/server/fleet";
import { Problem } from "@/server/platform/errors";
import { HOSTS, type LifeCentre } from "./centre";
import type { Fate } from "./hypervisor-tap";

/** Everything that nobody decided: hosts that die, guests that crash, words that are lost, workers that end. */
export class Misfortune {
  private readonly cutOff = new Set<string>();
  private draining: string | null = null;
  private over = false;

  constructor(
    private readonly centre: LifeCentre,
    private readonly random: Random,
    /** False: everything that happens is heard of at once, so that what is billed must be all that was. */
    private readonly storm: boolean,
  ) {}

  private chance(part: number): boolean {
    return this.random.float() < part;
  }

  /** Between two looks of the control plane, at the very moment of the last one. */
  async strike(): Promise<void> {
    if (this.over) return;
    const { world, skewMs } = this.centre;
    const hosts = world.status().hosts;
    const up = hosts.filter((host) => host.phase === "up" && !host.partitioned).length;
    for (const host of hosts) {
      if (this.chance(0.05)) skewMs.set(host.name, Math.floor((this.random.float() - 0.5) * 1_200_000));
      if (host.phase === "off" || host.phase === "panicked") {
        if (this.chance(0.4)) world.wake(host.name);
      } else if (this.cutOff.has(host.name)) {
        if (this.chance(0.5)) {
          this.cutOff.delete(host.name);
          world.heal(host.name);
        }
      } else if (up > 3 && this.chance(0.02)) world.crash(host.name);
      else if (up > 3 && this.chance(0.01)) world.panic(host.name);
      else if (up > 3 && this.storm && this.chance(0.03)) {
        this.cutOff.add(host.name);
        world.partition(host.name, { storage: this.chance(0.5) });
      } else if (this.chance(0.06)) {
        const guest = host.domains.find((domain) => domain.process === "executing");
        if (guest) world.crashGuest(host.name, guest.instanceId);
      }
    }
    await this.drain();
  }

  /** An operator empties a host, so that its machines move while they run. */
  private async drain(): Promise<void> {
    const { centre } = this;
    try {
      if (this.draining === null) {
        if (!this.chance(0.25)) return;
        const name = HOSTS[Math.floor(this.random.float() * HOSTS.length)] ?? HOSTS[0];
        await drainHost(centre.provider, await centre.hostId(name));
        this.draining = name;
      } else if (this.chance(0.5)) {
        const id = await centre.hostId(this.draining);
        this.draining = null;
        await cancelDrain(centre.provider, id);
        await returnToService(centre.provider, id);
      }
    } catch (error) {
      // A host that is dead, or empty already: a refusal is an answer.
      if (!(error instanceof Problem)) throw error;
    }
  }

  /** What becomes of the words of the next look, and of the worker that asks. */
  arm(): void {
    const { centre } = this;
    centre.fates = new Map<string, Fate>();
    if (!this.storm || this.over) return;
    for (const host of HOSTS) {
      const dice = this.random.float();
      if (dice < 0.05) centre.fates.set(host, "lost");
      else if (dice < 0.1) centre.fates.set(host, "late");
    }
    centre.replyLost = () => this.chance(0.03);
    if (this.chance(0.03)) centre.worker.tap.diesAfter = Math.floor(this.random.float() * 4);
  }

  /** The worker is away for a while, or ends between two passes. */
  async absence(): Promise<void> {
    if (!this.storm || this.over) return;
    if (this.chance(0.05)) this.centre.replaceWorker();
    if (this.chance(0.05)) await this.centre.outlive();
  }

  /** The same without anything that happens. */
  idle(): this {
    this.over = true;
    return this;
  }

  /** Nothing more goes wrong. */
  end(): void {
    const { centre } = this;
    centre.fates = new Map();
    centre.replyLost = () => false;
    centre.worker.tap.diesAfter = null;
    for (const host of HOSTS) {
      const status = centre.world.status().hosts.find((one) => one.name === host);
      if (status?.phase === "off" || status?.phase === "panicked") centre.world.wake(host);
      centre.world.heal(host);
    }
    this.cutOff.clear();
  }
}
