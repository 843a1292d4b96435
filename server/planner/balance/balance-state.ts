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

/**
 * Assignment, usage and score together; every change costs a few additions per dimension, whatever the cluster's size. A change is made in two
 * steps, because most that a search looks at are refused: `shift` moves the figures only, `settle` the lists too.
 */
export class BalanceState {
  readonly hostCount: number;
  readonly instanceCount: number;
  readonly home: Int32Array;
  readonly hostOf: Int32Array;
  readonly memory: Float64Array;
  readonly vcpus: Float64Array;
  readonly memoryLeft: Float64Array;
  readonly vcpusLeft: Float64Array;
  /** Instances per host as dense lists, with the position of each instance in its list. */
  readonly lists: number[][];
  private readonly position: Int32Array;
  /** Instances away from home, with the position of each in that list (-1: at home). */
  readonly away: number[] = [];
  private readonly awayPosition: Int32Array;
  /** Values and 1 / capacity per host, and sizes per instance, all dimensions side by side. */
  private readonly width: number;
  private readonly weights: Float64Array;
  private readonly values: Float64Array;
  private readonly perUnit: Float64Array;
  private readonly sizes: Float64Array;
  private readonly sums: Float64Array;
  private readonly squares: Float64Array;

  constructor(
    dimensions: readonly Dimension[],
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
    this.lists = Array.from({ length: this.hostCount }, () => []);
    this.position = new Int32Array(this.instanceCount);
    this.awayPosition = new Int32Array(this.instanceCount).fill(-1);
    const width = dimensions.length;
    this.width = width;
    this.weights = Float64Array.from(dimensions, (one) => one.weight);
    this.values = new Float64Array(this.hostCount * width);
    this.perUnit = new Float64Array(this.hostCount * width);
    this.sizes = new Float64Array(this.instanceCount * width);
    this.sums = new Float64Array(width);
    this.squares = new Float64Array(width);
    dimensions.forEach((one, d) => {
      for (let host = 0; host < this.hostCount; host += 1) {
        this.values[host * width + d] = one.base[host] ?? 0;
        this.perUnit[host * width + d] = one.perUnit[host] ?? 0;
      }
      for (let instance = 0; instance < this.instanceCount; instance += 1) this.sizes[instance * width + d] = one.size[instance] ?? 0;
    });
    for (let instance = 0; instance < this.instanceCount; instance += 1) {
      const host = hostOf[instance] ?? -1;
      if (host < 0) continue;
      this.enlist(instance, host);
      for (let d = 0; d < width; d += 1) {
        const cell = host * width + d;
        this.values[cell] = (this.values[cell] as number) + (this.sizes[instance * width + d] as number) * (this.perUnit[cell] as number);
      }
    }
    this.recount();
  }

  /** Sums from scratch: running sums drift after millions of changes. */
  recount(): void {
    const { width, values } = this;
    this.sums.fill(0);
    this.squares.fill(0);
    for (let cell = 0, d = 0; cell < values.length; cell += 1, d = d + 1 === width ? 0 : d + 1) {
      const value = values[cell] as number;
      this.sums[d] = (this.sums[d] as number) + value;
      this.squares[d] = (this.squares[d] as number) + value * value;
    }
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
    const { width, sums, squares, weights } = this;
    const per = 1 / Math.max(1, this.hostCount);
    let score = 0;
    for (let d = 0; d < width; d += 1) {
      const mean = (sums[d] as number) * per;
      const variance = (squares[d] as number) * per - mean * mean;
      if (variance > 0) score += (weights[d] as number) * Math.sqrt(variance);
    }
    return score;
  }

  /** How far a host is from the mean, each dimension in proportion to what it adds to the score. */
  deviation(host: number): number {
    const n = this.hostCount;
    let total = 0;
    for (let d = 0; d < this.width; d += 1) {
      const mean = (this.sums[d] as number) / n;
      const variance = (this.squares[d] as number) / n - mean * mean;
      const off = (this.values[host * this.width + d] as number) - mean;
      total += ((this.weights[d] as number) * off * off) / Math.sqrt(variance + 1e-12);
    }
    return total;
  }

  /** Do two instances weigh the same in everything that is compared? Exchanging them changes nothing. */
  sameSize(a: number, b: number): boolean {
    const { width, sizes } = this;
    for (let d = 0; d < width; d += 1) if (sizes[a * width + d] !== sizes[b * width + d]) return false;
    return true;
  }

  /** Room by size; a swap looks at both sides of itself, so what `leaves` the host may be counted as gone. */
  hasRoom(instance: number, host: number, leaves: number): boolean {
    const memory = (this.memoryLeft[host] as number) + (leaves < 0 ? 0 : (this.memory[leaves] as number));
    const vcpus = (this.vcpusLeft[host] as number) + (leaves < 0 ? 0 : (this.vcpus[leaves] as number));
    return (this.memory[instance] as number) <= memory && (this.vcpus[instance] as number) <= vcpus;
  }

  /** Score if `instance` moved to `to` and `other` (of that host; -1 for none) took its old place. Nothing is changed. */
  scoreOfExchange(instance: number, other: number, to: number): number {
    const { width, values, perUnit, sizes, sums, squares, weights } = this;
    const from = (this.hostOf[instance] as number) * width;
    const target = to * width;
    const n = this.hostCount;
    let score = 0;
    for (let d = 0; d < width; d += 1) {
      const size = (sizes[instance * width + d] as number) - (other < 0 ? 0 : (sizes[other * width + d] as number));
      const lost = size * (perUnit[from + d] as number);
      const won = size * (perUnit[target + d] as number);
      const mean = ((sums[d] as number) - lost + won) / n;
      const square = (squares[d] as number) + lost * (lost - 2 * (values[from + d] as number)) + won * (won + 2 * (values[target + d] as number));
      const variance = square / n - mean * mean;
      score += (weights[d] as number) * Math.sqrt(variance > 0 ? variance : 0);
    }
    return score;
  }

  /** Moves the figures of an instance between two hosts: values, sums and room, not the lists. The opposite shift takes it back. */
  shift(instance: number, fromHost: number, toHost: number): void {
    const { width, values, perUnit, sizes, sums, squares } = this;
    const size = instance * width;
    const from = fromHost * width;
    const to = toHost * width;
    for (let d = 0; d < width; d += 1) {
      const one = sizes[size + d] as number;
      const a = values[from + d] as number;
      const b = values[to + d] as number;
      const lost = one * (perUnit[from + d] as number);
      const won = one * (perUnit[to + d] as number);
      values[from + d] = a - lost;
      values[to + d] = b + won;
      sums[d] = (sums[d] as number) - lost + won;
      squares[d] = (squares[d] as number) + lost * (lost - 2 * a) + won * (won + 2 * b);
    }
    const memory = this.memory[instance] as number;
    const vcpus = this.vcpus[instance] as number;
    this.memoryLeft[fromHost] = (this.memoryLeft[fromHost] as number) + memory;
    this.memoryLeft[toHost] = (this.memoryLeft[toHost] as number) - memory;
    this.vcpusLeft[fromHost] = (this.vcpusLeft[fromHost] as number) + vcpus;
    this.vcpusLeft[toHost] = (this.vcpusLeft[toHost] as number) - vcpus;
  }

  /** Brings the lists after a shift. */
  settle(instance: number, to: number): void {
    const from = this.hostOf[instance] as number;
    this.noteAway(instance, to);
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

  /** Moves one instance and keeps everything up to date. */
  move(instance: number, to: number): void {
    const from = this.hostOf[instance] as number;
    if (from === to) return;
    this.shift(instance, from, to);
    this.settle(instance, to);
  }
}
