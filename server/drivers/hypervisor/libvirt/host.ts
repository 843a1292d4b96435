import type { Duplex, Readable } from "node:stream";
import type {
  CallOptions, DomainEvent, DomainSpec, GuestFile, GuestFilePart, GuestFileWrite, GuestPersonality, HostEndpoint, HostFacts, HostObservation, HypervisorHost, MemoryImage, MigrateRequest, PersonalityReport,
  MigrationResult, PoolObservation, ResizeRequest, ResizeResult, ResumeRequest, RunLease, SaveRequest, SaveResult, ScreenEndpoint, ScreenOptions, Screenshot, ScreenshotOptions, VolumeObservation, VolumeSpec,
} from "../types";
import { dirtyRate } from "./dirty-rate";
import { rebootDomain, removeDomain, resumeDomain, startDomain, stopDomain } from "./domains";
import { readFacts } from "./facts";
import { agentCommand, openSerial, screenEndpoint } from "./guest";
import { askToYield, readLease } from "./leases";
import { clipboardState } from "./clipboard";
import { personaliseGuest } from "./guest-personality";
import { listGuestFiles, readGuestFile, writeGuestFile } from "./guest-files";
import { HostLink } from "./link";
import { restoreDomain, saveDomain } from "./memory";
import { abortMigration, migrate } from "./migrate";
import { Observer } from "./observe";
import type { LibvirtDriverOptions } from "./options";
import { ensureDirectoryPool, listPools } from "./pools";
import { growDisk, resizeDomain } from "./resize";
import { procedures } from "./rpc/procedures";
import { screenshot } from "./screenshot";
import { deleteVolume, ensureVolume, growVolume, listVolumes, uploadVolume } from "./volumes";

/** One libvirt host. Each verb stands in a file of its own; this class only holds the link together with them. */
export class LibvirtHost implements HypervisorHost {
  private readonly link: HostLink;
  private readonly observer: Observer;

  constructor(readonly endpoint: HostEndpoint, options: LibvirtDriverOptions) {
    this.link = new HostLink(endpoint, options);
    this.observer = new Observer(this.link);
  }

  async ping(options?: CallOptions): Promise<number> {
    const startedAt = performance.now();
    await this.link.controlCall(procedures.connectGetLibVersion, undefined, options);
    return performance.now() - startedAt;
  }

  facts(options?: CallOptions): Promise<HostFacts> {
    return readFacts(this.link, options);
  }

  observe(options?: CallOptions): Promise<HostObservation> {
    return this.observer.observe(options);
  }

  watch(onEvent: (event: DomainEvent) => void, onReconnect: () => void): () => void {
    return this.link.watch(onEvent, onReconnect);
  }

  listPools(options?: CallOptions): Promise<readonly PoolObservation[]> {
    return listPools(this.link, options);
  }

  listVolumes(pool: string, options?: CallOptions): Promise<readonly VolumeObservation[]> {
    return listVolumes(this.link, pool, options);
  }

  ensureVolume(spec: VolumeSpec, options?: CallOptions): Promise<VolumeObservation> {
    return ensureVolume(this.link, spec, options);
  }

  uploadVolume(pool: string, name: string, content: Readable, sizeBytes: number, options?: CallOptions): Promise<VolumeObservation> {
    return uploadVolume(this.link, pool, name, content, sizeBytes, options);
  }

  growVolume(pool: string, name: string, capacityMiB: number, options?: CallOptions): Promise<void> {
    return growVolume(this.link, pool, name, capacityMiB, options);
  }

  deleteVolume(pool: string, name: string, options?: CallOptions): Promise<boolean> {
    return deleteVolume(this.link, pool, name, options);
  }

  /** Enrolment only; not part of the common interface. See ./pools. */
  ensureDirectoryPool(name: string, path: string, options?: CallOptions): Promise<PoolObservation> {
    return ensureDirectoryPool(this.link, name, path, options);
  }

  startDomain(spec: DomainSpec, options?: CallOptions): Promise<void> {
    return startDomain(this.link, spec, options);
  }

  stopDomain(instanceId: string, mode: "shutdown" | "destroy", options?: CallOptions): Promise<void> {
    return stopDomain(this.link, instanceId, mode, options);
  }

  rebootDomain(instanceId: string, mode: "guest" | "reset", options?: CallOptions): Promise<void> {
    return rebootDomain(this.link, instanceId, mode, options);
  }

  resumeDomain(request: ResumeRequest, options?: CallOptions): Promise<void> {
    return resumeDomain(this.link, request, options);
  }

  removeDomain(instanceId: string, options?: CallOptions): Promise<boolean> {
    return removeDomain(this.link, instanceId, options);
  }

  saveDomain(request: SaveRequest, options?: CallOptions): Promise<SaveResult> {
    return saveDomain(this.link, request, options);
  }

  restoreDomain(spec: DomainSpec, from: MemoryImage, options?: CallOptions): Promise<void> {
    return restoreDomain(this.link, spec, from, options);
  }

  resizeDomain(request: ResizeRequest, options?: CallOptions): Promise<ResizeResult> {
    return resizeDomain(this.link, request, options);
  }

  growDisk(instanceId: string, target: string, capacityMiB: number, options?: CallOptions): Promise<void> {
    return growDisk(this.link, instanceId, target, capacityMiB, options);
  }

  migrate(request: MigrateRequest): Promise<MigrationResult> {
    return migrate(this.link, request);
  }

  abortMigration(instanceId: string, options?: CallOptions): Promise<void> {
    return abortMigration(this.link, instanceId, options);
  }

  dirtyRate(instanceId: string, seconds: number, options?: CallOptions): Promise<number | null> {
    return dirtyRate(this.link, instanceId, seconds, options);
  }

  readLease(pool: string, hostUuid: string, options?: CallOptions): Promise<RunLease | null> {
    return readLease(this.link, pool, hostUuid, options);
  }

  askToYield(pool: string, hostUuid: string, request: number | null, options?: CallOptions): Promise<void> {
    return askToYield(this.link, pool, hostUuid, request, options);
  }

  agentCommand(instanceId: string, command: string, args?: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<unknown> {
    return agentCommand(this.link, instanceId, command, args, options);
  }

  screenEndpoint(instanceId: string, options?: ScreenOptions): Promise<ScreenEndpoint> {
    return screenEndpoint(this.link, instanceId, options);
  }

  clipboardState(instanceId: string, options?: CallOptions): Promise<"open" | "waiting" | "none"> {
    return clipboardState(this.link, instanceId, options);
  }

  screenshot(instanceId: string, options?: ScreenshotOptions): Promise<Screenshot> {
    return screenshot(this.link, instanceId, options);
  }

  personaliseGuest(instanceId: string, personality: GuestPersonality, options?: CallOptions): Promise<PersonalityReport> {
    return personaliseGuest(this.link, instanceId, personality, options);
  }

  listGuestFiles(instanceId: string, options?: CallOptions): Promise<readonly GuestFile[]> {
    return listGuestFiles(this.link, instanceId, options);
  }

  readGuestFile(instanceId: string, part: GuestFilePart, options?: CallOptions): Promise<Buffer> {
    return readGuestFile(this.link, instanceId, part, options);
  }

  writeGuestFile(instanceId: string, part: GuestFileWrite, options?: CallOptions): Promise<void> {
    return writeGuestFile(this.link, instanceId, part, options);
  }

  openSerial(instanceId: string, options?: CallOptions): Promise<Duplex> {
    return openSerial(this.link, instanceId, options);
  }

  async close(): Promise<void> {
    this.link.close();
  }
}
