/**
 * The arithmetic of balance. A cluster is balanced when its hosts look alike, so the score is the sum, over what is
 * compared (free memory, vCPU ratio, loads), of the standard deviation over the hosts. Those are the terms and weights of Ganeti's cluster score for
 * machines on shared storage, which makes the two comparable to the last digit.
 */
export interface Dimension {
  name: string;
  weight: number;
  /** Part of a host that is used before any instance (the host's own memory, for example). */
  base: Float64Array;
  /** What one unit of an instance's size means on each host: 1 / capacity. */
  perUnit: Float64Array;
  size: Float64Array;
}

/** Assignment, usage and score together; every change costs a few additions per dimension, whatever the cluster's size. */
export class BalanceState {
  readonly hostCount: number;
  readonly instanceCount: number;
  readonly home: Int32Array;
  readonly hostOf: Int32Array;
  readonly memory: Float64Array;
  readonly vcpus: Float64Array;
  readonly memoryLeft: Float64Array;
  readonly vcpusLeft: Float64Array;
  readonly values: Float64Array[];
  /** Instances per host as dense lists, with the position of each instance in its list. */
  readonly lists: number[][];
  private readonly position: Int32Array;
  private readonly sums: Float64Array;
  private readonly squares: Float64Array;
  /** Instances away from home, with the position of each in that list (-1: at home). */
  readonly away: number[] = [];
  private readonly awayPosition: Int32Array;

  constructor(
    readonly dimensions: readonly Dimension[],
    hostOf: Int32Array,
    memory: Float64Array,
    vcpus: Float64Array,
    memoryLeft: Float64Array,
    vcpusLeft: Float64Array,
  ) {
    this.hostCount = memoryLeft.length;
    this.instanceCount = hostOf.length;
    this.home = hostOf.slice();
    this.hostOf = hostOf.slice();
    this.memory = memory;
    this.vcpus = vcpus;
    this.memoryLeft = memoryLeft.slice();
    this.vcpusLeft = vcpusLeft.slice();
    this.values = dimensions.map((one) => one.base.slice());
    this.lists = Array.from({ length: this.hostCount }, () => []);
    this.position = new Int32Array(this.instanceCount);
    this.awayPosition = new Int32Array(this.instanceCount).fill(-1);
    this.sums = new Float64Array(dimensions.length);
    this.squares = new Float64Array(dimensions.length);
    for (let instance = 0; instance < this.instanceCount; instance += 1) {
      const host = hostOf[instance] ?? -1;
      if (host < 0) continue;
      this.enlist(instance, host);
      for (let d = 0; d < dimensions.length; d += 1) this.addValue(d, host, instance, 1);
    }
    this.recount();
  }

  /** Sums from scratch: running sums drift after millions of changes. */
  recount(): void {
    for (let d = 0; d < this.dimensions.length; d += 1) {
      let sum = 0;
      let square = 0;
      for (const value of this.values[d] ?? []) {
        sum += value;
        square += value * value;
      }
      this.sums[d] = sum;
      this.squares[d] = square;
    }
  }

  private addValue(d: number, host: number, instance: number, sign: number): void {
    const dimension = this.dimensions[d] as Dimension;
    const values = this.values[d] as Float64Array;
    values[host] = (values[host] as number) + sign * (dimension.size[instance] as number) * (dimension.perUnit[host] as number);
  }

  private enlist(instance: number, host: number): void {
    const list = this.lists[host] as number[];
    this.position[instance] = list.length;
    list.push(instance);
  }

  get displaced(): number {
    return this.away.length;
  }

  private noteAway(instance: number, to: number): void {
    const position = this.awayPosition[instance] as number;
    if (to !== this.home[instance]) {
      if (position >= 0) return;
      this.awayPosition[instance] = this.away.length;
      this.away.push(instance);
      return;
    }
    if (position < 0) return;
    const last = this.away.pop() as number;
    if (last !== instance) {
      this.away[position] = last;
      this.awayPosition[last] = position;
    }
    this.awayPosition[instance] = -1;
  }

  /** The weighted sum of the standard deviations (population, as Ganeti computes them). */
  score(): number {
    let score = 0;
    const n = Math.max(1, this.hostCount);
    for (let d = 0; d < this.dimensions.length; d += 1) {
      const mean = (this.sums[d] as number) / n;
      const variance = (this.squares[d] as number) / n - mean * mean;
      score += (this.dimensions[d] as Dimension).weight * Math.sqrt(variance > 0 ? variance : 0);
    }
    return score;
  }

  /** How far a host is from the mean, each dimension in proportion to what it adds to the score. */
  deviation(host: number): number {
    const n = this.hostCount;
    let total = 0;
    for (let d = 0; d < this.dimensions.length; d += 1) {
      const mean = (this.sums[d] as number) / n;
      const variance = (this.squares[d] as number) / n - mean * mean;
      const off = ((this.values[d] as Float64Array)[host] as number) - mean;
      total += ((this.dimensions[d] as Dimension).weight * off * off) / Math.sqrt(variance + 1e-12);
    }
    return total;
  }

  /** Room by size; a swap looks at both sides of itself, so what `leaves` the host may be counted as gone. */
  hasRoom(instance: number, host: number, leaves: number): boolean {
    const memory = (this.memoryLeft[host] as number) + (leaves < 0 ? 0 : (this.memory[leaves] as number));
    const vcpus = (this.vcpusLeft[host] as number) + (leaves < 0 ? 0 : (this.vcpus[leaves] as number));
    return (this.memory[instance] as number) <= memory && (this.vcpus[instance] as number) <= vcpus;
  }

  /** Score if one instance moved. Nothing is changed. */
  scoreOfMove(instance: number, to: number): number {
    return this.scoreOfExchange(instance, -1, to);
  }

  /** Score if `instance` moved to `to` and `other` (of that host; -1 for none) took its old place. Nothing is changed. */
  scoreOfExchange(instance: number, other: number, to: number): number {
    const from = this.hostOf[instance] as number;
    const n = this.hostCount;
    let score = 0;
    for (let d = 0; d < this.dimensions.length; d += 1) {
      const dimension = this.dimensions[d] as Dimension;
      const values = this.values[d] as Float64Array;
      const size = (dimension.size[instance] as number) - (other < 0 ? 0 : (dimension.size[other] as number));
      const a = values[from] as number;
      const b = values[to] as number;
      const lost = size * (dimension.perUnit[from] as number);
      const won = size * (dimension.perUnit[to] as number);
      const mean = ((this.sums[d] as number) - lost + won) / n;
      const square = (this.squares[d] as number) + lost * (lost - 2 * a) + won * (won + 2 * b);
      const variance = square / n - mean * mean;
      score += dimension.weight * Math.sqrt(variance > 0 ? variance : 0);
    }
    return score;
  }

  /** Moves one instance and keeps everything up to date. */
  move(instance: number, to: number): void {
    const from = this.hostOf[instance] as number;
    if (from === to) return;
    this.noteAway(instance, to);
    for (let d = 0; d < this.dimensions.length; d += 1) {
      const dimension = this.dimensions[d] as Dimension;
      const values = this.values[d] as Float64Array;
      const size = dimension.size[instance] as number;
      const a = values[from] as number;
      const b = values[to] as number;
      const lost = size * (dimension.perUnit[from] as number);
      const won = size * (dimension.perUnit[to] as number);
      values[from] = a - lost;
      values[to] = b + won;
      this.sums[d] = (this.sums[d] as number) - lost + won;
      this.squares[d] = (this.squares[d] as number) + lost * (lost - 2 * a) + won * (won + 2 * b);
    }
    const memory = this.memory[instance] as number;
    const vcpus = this.vcpus[instance] as number;
    this.memoryLeft[from] = (this.memoryLeft[from] as number) + memory;
    this.memoryLeft[to] = (this.memoryLeft[to] as number) - memory;
    this.vcpusLeft[from] = (this.vcpusLeft[from] as number) + vcpus;
    this.vcpusLeft[to] = (this.vcpusLeft[to] as number) - vcpus;
    const list = this.lists[from] as number[];
    const last = list.pop() as number;
    if (last !== instance) {
      const at = this.position[instance] as number;
      list[at] = last;
      this.position[last] = at;
    }
    this.enlist(instance, to);
    this.hostOf[instance] = to;
  }
}
