/** What differs between installations and is not the domain's business. */
export interface LibvirtDriverOptions {
  /**
   * How guests run. `kvm` only where a stock kernel really boots under it: the device file alone is no proof, so
   * nobody guesses. Default `emulation`.
   */
  readonly accelerator: "kvm" | "emulation";
  /** `q35` lets the host take its newest machine type at each start; pin it (`pc-q35-7.2`) while a cluster has mixed QEMU versions. */
  readonly machine: string;
  /**
   * Host directory for a copy of each guest's first serial port (`<instanceId>.console.log`, appended by virtlogd, which also rotates
   * it); null = none. Put it on shared storage to keep one log over moves.
   */
  readonly serialLogDirectory: string | null;
  /** Lets moves go on although libvirt cannot prove that the disks' filesystem is shared (a lab directory). Keep false on real shared storage. */
  readonly unsafeMigration: boolean;
  /** Encrypts the memory stream of a move with the hosts' own certificates (`migrate_tls_x509_cert_dir`). */
  readonly migrationTls: boolean;
  /** `none` where the host gives QEMU no cpu cgroup: shares and caps are then not applied. */
  readonly cpuTuning: "cgroup" | "none";
  /** Default bound of a short call, milliseconds. */
  readonly callTimeoutMs: number;
  /** Bound of making a connection with all its handshakes, milliseconds. */
  readonly openTimeoutMs: number;
  /** Silence before the host is asked for a sign of life, milliseconds, and how many questions may stay open. */
  readonly keepalive: { readonly intervalMs: number; readonly count: number };
}

export const DEFAULT_OPTIONS: LibvirtDriverOptions = {
  accelerator: "emulation",
  machine: "q35",
  serialLogDirectory: null,
  unsafeMigration: false,
  migrationTls: false,
  cpuTuning: "cgroup",
  callTimeoutMs: 5000,
  openTimeoutMs: 4000,
  keepalive: { intervalMs: 1000, count: 3 },
};
