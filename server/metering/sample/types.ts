/** What one instance did in one minute. */
export interface MinuteSample {
  readonly organizationId: string;
  readonly instanceId: string;
  /** The beginning of the minute. */
  readonly minute: Date;
  readonly cpuMillicores: number;
  readonly cpuStealMillicores: number;
  readonly memoryUsedMiB: number | null;
  readonly diskReadBytesPerSecond: number;
  readonly diskWrittenBytesPerSecond: number;
  readonly netReceivedBytesPerSecond: number;
  readonly netSentBytesPerSecond: number;
}

/** What is kept of an hour when its minutes are gone. */
export interface HourlySample {
  readonly hour: Date;
  /** Minutes that were sampled. */
  readonly minutes: number;
  readonly cpuMillicores: number;
  readonly cpuMillicoresMax: number;
  readonly cpuStealMillicores: number;
  readonly memoryUsedMiB: number | null;
  readonly memoryUsedMiBMax: number | null;
  readonly diskReadBytes: number;
  readonly diskWrittenBytes: number;
  readonly netReceivedBytes: number;
  readonly netSentBytes: number;
}
