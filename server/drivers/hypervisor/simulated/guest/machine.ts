import type { WorldState } from "../state";
import type { DomainRecord, HostRecord } from "../types";
import { volumeOf } from "../volumes";

const MIB = 1_048_576;

/** The guest's own view of its machine: what its kernel would say. */
export class GuestMachine {
  constructor(
    private readonly state: WorldState,
    private readonly host: HostRecord,
    readonly domain: DomainRecord,
  ) {}

  get nowMs(): number {
    return this.state.clock.nowMs() + this.domain.guest.clockOffsetMs;
  }

  get uptimeSeconds(): number {
    const booted = (this.domain.bootedAtMs ?? this.state.clock.nowMs()) - this.state.timings.guestBootMs;
    return Math.max(0, (this.state.clock.nowMs() - booted) / 1000);
  }

  get hostname(): string {
    return this.domain.spec.title;
  }

  get vcpus(): number {
    return this.domain.vcpus;
  }

  /** The kernel itself keeps some of what the machine has. */
  get memoryTotalKiB(): number {
    return Math.floor(this.domain.memoryMiB * 1024 * 0.97);
  }

  get memoryFreeKiB(): number {
    return Math.floor(this.memoryTotalKiB * (1 - this.domain.profile.touchedFraction));
  }

  get disks(): readonly string[] {
    return this.domain.spec.disks.map((disk) => disk.target);
  }

  /** Bytes, or null when there is no such device. */
  diskBytes(target: string): number | null {
    const volume = volumeOf(this.state, this.host, this.domain.spec.disks.find((disk) => disk.target === target));
    return volume ? volume.capacityMiB * MIB : null;
  }

  readFile(path: string): string | null {
    return this.deviceFile(path) ?? this.domain.guest.cache.get(path)?.content ?? this.rootDisk()?.files.get(path) ?? null;
  }

  /** Lands in the guest's page cache; on the disk after `sync` or after the kernel's write-back. */
  writeFile(path: string, content: string): void {
    this.domain.guest.cache.set(path, { content, sinceMs: this.state.clock.nowMs() });
  }

  removeFile(path: string): boolean {
    const cached = this.domain.guest.cache.delete(path);
    return (this.rootDisk()?.files.delete(path) ?? false) || cached;
  }

  sync(): void {
    const disk = this.rootDisk();
    if (!disk) return;
    for (const [path, entry] of this.domain.guest.cache) disk.files.set(path, entry.content);
    this.domain.guest.cache.clear();
  }

  files(): string[] {
    return [...new Set([...this.domain.guest.cache.keys(), ...(this.rootDisk()?.files.keys() ?? [])])].toSorted();
  }

  private rootDisk(): ReturnType<typeof volumeOf> {
    return volumeOf(this.state, this.host, this.domain.spec.disks.find((disk) => !disk.readOnly));
  }

  private deviceFile(path: string): string | null {
    const block = /^\/sys\/(?:class\/)?block\/([a-z]+)\/size$/.exec(path)?.[1];
    if (block) {
      const bytes = this.diskBytes(block);
      return bytes === null ? null : `${Math.floor(bytes / 512)}\n`;
    }
    switch (path) {
      case "/etc/hostname":
        return `${this.hostname}\n`;
      case "/proc/uptime":
        return `${this.uptimeSeconds.toFixed(2)} 0.00\n`;
      case "/proc/meminfo":
        return `MemTotal: ${this.memoryTotalKiB} kB\nMemFree: ${this.memoryFreeKiB} kB\nMemAvailable: ${this.memoryFreeKiB} kB\n`;
      case "/proc/cpuinfo":
        return Array.from({ length: this.vcpus }, (_, index) => `processor\t: ${index}\nmodel name\t: ${this.domain.spec.cpu.model}\n\n`).join("");
      default:
        return null;
    }
  }
}
