import type { Forecast } from "./forecast";

export interface SteerHosts {
  /** CPU capacity and the most that one instance can get (one core's worth for a single vCPU). */
  cpu: Float64Array;
  corePeak: Float64Array;
  memory: Float64Array;
  /** Watts at full load per unit of CPU: hosts are woken in this order. */
  wattsPerCpu: Float64Array;
}

export interface SteerInstances {
  memory: Float64Array;
  /** Sold CPU, the most that it may want. */
  sold: Float64Array;
}

export interface SteerSettings {
  /** Spreads above the expected demand that a host must have room for when it takes more. */
  admitSigmas: number;
  /** Part of a host that may be filled when draining another one into it. */
  fill: number;
  /** A host is relieved when its demand exceeds this part of it, now and expected. */
  relieveAbove: number;
  /** Moves that relief leaves below this part. */
  relieveTo: number;
  /** Moves per interval on average, and at most at once after a quiet time. */
  movesPerInterval: number;
  burst: number;
  /** After a wake no host is drained for so many intervals. */
  restAfterWake: number;
  /** Bind memory at every move; false where memory is not the scarce thing. */
  memoryBinds: boolean;
}

export interface SteerMove {
  instance: number;
  to: number;
}

/**
 * Keeps few hosts awake under changing demand. Relief first: a host whose demand exceeds it now and is expected to do so next gives
 * away the instance whose move costs least (demand x memory) among those that suffice. Then at most a few drains: the least loaded
 * host is emptied if everything on it fits elsewhere with room for `admitSigmas`. A budget of moves makes every move
 * count; there is no ping-pong because a drain needs more room than relief asks for.
 */
export class DemandSteering {
  private tokens: number;
  private rest = 0;
  private readonly sums: Float64Array;
  private readonly variances: Float64Array;
  private readonly now: Float64Array;
  private readonly memoryUsed: Float64Array;
  private readonly lists: number[][];

  constructor(
    private readonly hosts: SteerHosts,
    private readonly instances: SteerInstances,
    private readonly forecast: Forecast,
    private readonly settings: SteerSettings,
  ) {
    this.tokens = settings.burst;
    const count = hosts.cpu.length;
    this.sums = new Float64Array(count);
    this.variances = new Float64Array(count);
    this.now = new Float64Array(count);
    this.memoryUsed = new Float64Array(count);
    this.lists = Array.from({ length: count }, () => []);
  }

  /** Moves for this interval. `hostOf` is -1 for instances that are not there; `unlimited` lifts the budget (a first consolidation). */
  decide(hostOf: Int32Array, unlimited = false): SteerMove[] {
    this.load(hostOf);
    this.tokens = Math.min(this.settings.burst, this.tokens + this.settings.movesPerInterval);
    if (unlimited) this.tokens = Infinity;
    const moves: SteerMove[] = [];
    this.relieve(moves);
    this.rest = Math.max(0, this.rest - 1);
    if (this.rest === 0) this.drain(moves);
    if (unlimited) this.tokens = this.settings.burst;
    const last = new Map<number, number>();
    for (const move of moves) last.set(move.instance, move.to);
    return [...last].filter(([instance, to]) => hostOf[instance] !== to).map(([instance, to]) => ({ instance, to }));
  }

  private load(hostOf: Int32Array): void {
    this.sums.fill(0);
    this.variances.fill(0);
    this.now.fill(0);
    this.memoryUsed.fill(0);
    for (const list of this.lists) list.length = 0;
    for (let i = 0; i < hostOf.length; i += 1) {
      const host = hostOf[i] as number;
      if (host < 0) continue;
      this.change(i, host, 1);
      this.holdMemory(i, host, 1);
    }
  }

  private change(instance: number, host: number, sign: 1 | -1): void {
    const peak = this.hosts.corePeak[host] as number;
    this.sums[host] = (this.sums[host] as number) + sign * Math.min(peak, this.forecast.expected[instance] as number);
    this.variances[host] = (this.variances[host] as number) + sign * (this.forecast.variance[instance] as number);
    this.now[host] = (this.now[host] as number) + sign * Math.min(peak, this.forecast.last[instance] as number);
    const list = this.lists[host] as number[];
    if (sign === 1) list.push(instance);
    else list.splice(list.indexOf(instance), 1);
  }

  /** Memory is held at both ends while it is copied, so what leaves in this interval still counts where it was. */
  private holdMemory(instance: number, host: number, sign: 1 | -1): void {
    this.memoryUsed[host] = (this.memoryUsed[host] as number) + sign * (this.instances.memory[instance] as number);
  }

  private move(instance: number, from: number, to: number): void {
    this.change(instance, from, -1);
    this.change(instance, to, 1);
    this.holdMemory(instance, to, 1);
  }

  /** What a host must hold if this instance came: expected demand and so many spreads. */
  private needWith(instance: number, host: number): number {
    const sum = (this.sums[host] as number) + (this.forecast.expected[instance] as number);
    const variance = (this.variances[host] as number) + (this.forecast.variance[instance] as number);
    return sum + this.settings.admitSigmas * Math.sqrt(Math.max(0, variance));
  }

  private mayTake(instance: number, host: number): boolean {
    if ((this.instances.sold[instance] as number) > (this.hosts.corePeak[host] as number) * 1.001) return false;
    return !this.settings.memoryBinds || (this.memoryUsed[host] as number) + (this.instances.memory[instance] as number) <= (this.hosts.memory[host] as number);
  }

  /** The awake host that is left with least room and still keeps the margin; -1 if none does. */
  private bestAwake(instance: number, except: number): number {
    let best = -1;
    let bestLeft = Infinity;
    for (let host = 0; host < this.sums.length; host += 1) {
      if (host === except || (this.lists[host] as number[]).length === 0 || !this.mayTake(instance, host)) continue;
      const left = (this.hosts.cpu[host] as number) * this.settings.fill - this.needWith(instance, host);
      if (left < 0 || left >= bestLeft) continue;
      if ((this.now[host] as number) + (this.forecast.last[instance] as number) > (this.hosts.cpu[host] as number) * this.settings.fill) continue;
      best = host;
      bestLeft = left;
    }
    return best;
  }

  /** The most frugal host that is asleep and large enough. */
  private bestAsleep(instance: number): number {
    let best = -1;
    for (let host = 0; host < this.sums.length; host += 1) {
      if ((this.lists[host] as number[]).length > 0 || !this.mayTake(instance, host)) continue;
      if (best < 0 || (this.hosts.wattsPerCpu[host] as number) < (this.hosts.wattsPerCpu[best] as number)) best = host;
    }
    return best;
  }

  private relieve(moves: SteerMove[]): void {
    const { relieveAbove, relieveTo } = this.settings;
    for (let host = 0; host < this.sums.length; host += 1) {
      const cpu = this.hosts.cpu[host] as number;
      for (let round = 0; round < 3 && this.tokens >= 1; round += 1) {
        if ((this.now[host] as number) <= cpu * relieveAbove || (this.sums[host] as number) <= cpu * relieveAbove * 0.97) break;
        const instance = this.cheapestRelief(host, Math.max(this.now[host] as number, this.sums[host] as number) - cpu * relieveTo);
        if (instance < 0) break;
        let to = this.bestAwake(instance, host);
        if (to < 0) {
          to = this.bestAsleep(instance);
          this.rest = this.settings.restAfterWake;
        }
        if (to < 0) break;
        this.move(instance, host, to);
        this.tokens -= 1;
        moves.push({ instance, to });
      }
    }
  }

  /** Among the instances whose going is enough, the cheapest to copy; if none is enough, the one that wants most. */
  private cheapestRelief(host: number, excess: number): number {
    let best = -1;
    let bestCost = Infinity;
    let largest = -1;
    let most = 0;
    for (const instance of this.lists[host] as number[]) {
      const demand = Math.min(this.forecast.expected[instance] as number, this.forecast.last[instance] as number);
      if (demand > most) {
        most = demand;
        largest = instance;
      }
      if (demand < excess) continue;
      const cost = demand * (this.instances.memory[instance] as number);
      if (cost < bestCost) {
        bestCost = cost;
        best = instance;
      }
    }
    return best >= 0 ? best : largest;
  }

  private drain(moves: SteerMove[]): void {
    const awake: number[] = [];
    for (let host = 0; host < this.sums.length; host += 1) if ((this.lists[host] as number[]).length > 0) awake.push(host);
    awake.sort((a, b) => this.drainCost(a) - this.drainCost(b));
    for (const host of awake) {
      const list = (this.lists[host] as number[]).slice();
      if (list.length === 0) continue;
      if (list.length > this.tokens) return;
      list.sort((a, b) => (this.forecast.expected[b] as number) - (this.forecast.expected[a] as number));
      const attempt: SteerMove[] = [];
      for (const instance of list) {
        const to = this.bestAwake(instance, host);
        if (to < 0) break;
        this.move(instance, host, to);
        attempt.push({ instance, to });
      }
      if (attempt.length < list.length) {
        for (const move of attempt) {
          this.change(move.instance, move.to, -1);
          this.change(move.instance, host, 1);
          this.holdMemory(move.instance, move.to, -1);
        }
        // If the cheapest host cannot be drained, a fuller one hardly can.
        if (this.tokens !== Infinity) return;
        continue;
      }
      this.tokens -= list.length;
      moves.push(...attempt);
    }
  }

  /** Few and small moves first; a wasteful host before a frugal one. */
  private drainCost(host: number): number {
    const list = this.lists[host] as number[];
    const loads = (this.sums[host] as number) / (this.hosts.cpu[host] as number);
    return list.length * 0.02 + loads - 20 * (this.hosts.wattsPerCpu[host] as number);
  }
}
