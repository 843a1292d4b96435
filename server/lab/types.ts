/** What a lab is made of. All addresses of lab N lie in 10.77.N.0/24. */
export interface LabOptions {
  /** Distinguishes labs on one machine: at most 12 of `a-z`, `0-9`, `-`. It is part of every namespace's name. */
  readonly name: string;
  /** Absolute folder of the lab's state and shared storage. */
  readonly directory: string;
  /** Hosts h1..hN; 1 to 9. */
  readonly hostCount: number;
  /** 0 to 255; no two labs of a machine may share one. */
  readonly subnetIndex: number;
  /** Also listen for TLS on 16514 with certificates of the lab's own authority. Default false. */
  readonly tls?: boolean;
  /** Every host keeps a run-lease on the shared storage and ends its own machines when it is over. Default true. */
  readonly runLease?: boolean;
  /** What each host claims to have, so that a small fleet can be full. Default 4 vCPU and 1536 MiB. */
  readonly capacity?: HostCapacity;
}

export interface HostCapacity {
  readonly vcpus: number;
  readonly memoryMiB: number;
}

export interface LabBmc {
  readonly address: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

export interface LabTls {
  readonly uri: string;
  /** PEM texts: the authority and a client certificate that every host of the lab accepts. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export interface LabHost {
  readonly name: string;
  readonly managementAddress: string;
  /** `tcp://10.77.0.11:16509` */
  readonly uri: string;
  readonly bmc: LabBmc;
  readonly pool: { readonly name: string; readonly path: string };
  /** Bridge for guests. */
  readonly bridge: string;
  readonly capacity: HostCapacity;
  /** Present where the lab was opened with `tls`, once it has been up. */
  readonly tls?: LabTls;
}

export interface HostStatus {
  readonly name: string;
  readonly power: "on" | "off";
  readonly link: "connected" | "partitioned" | "absent";
  /** True when libvirtd accepts connections now, seen from the machine that runs the control plane. */
  readonly answering: boolean;
  /** Instance names of the QEMU processes that run now; read from the process table, not from libvirt. */
  readonly guests: readonly string[];
}

export interface LabStatus {
  readonly name: string;
  readonly up: boolean;
  readonly hosts: readonly HostStatus[];
  /** True when the process that records QEMU runs is alive. */
  readonly recording: boolean;
}

/** The control daemon alone, or the guard of the run-lease alone. */
export type HangTarget = "libvirtd" | "lease";

/** One run of one QEMU process, from the process table. */
export interface QemuRun {
  readonly instance: string;
  readonly host: string;
  readonly pid: number;
  /** Wall clock, milliseconds since 1970; from the kernel's own start time (10 ms steps). */
  readonly startedAtMs: number;
  /** Null while it runs. */
  readonly endedAtMs: number | null;
  /** The end is known to lie within this many milliseconds before `endedAtMs`. */
  readonly endUncertaintyMs: number;
}

export interface Leftover {
  readonly kind: "namespace" | "interface" | "mount" | "process" | "cgroup" | "file";
  readonly what: string;
}

export interface UpResult {
  /** Hosts that were already running and were kept. */
  readonly adopted: readonly string[];
  readonly started: readonly string[];
  readonly ms: number;
}

export interface Lab {
  readonly options: LabOptions;
  readonly hosts: readonly LabHost[];
  /** The machine's own address in the lab: guests and hosts reach the control plane here. */
  readonly gatewayAddress: string;
  /** Addresses that guests may have, first and last. */
  readonly guestAddresses: { readonly first: string; readonly last: string; readonly prefixLength: number };
  /** The shared storage as the machine sees it; the hosts see it at `hosts[].pool.path`. */
  readonly sharedPoolDirectory: string;
  /** Starts what is not running; keeps what is. Safe to repeat. */
  up(): Promise<UpResult>;
  /** Powers everything off and takes the lab apart. With `keepStorage` the disks of the hosts and of the storage stay, and the next `up` starts the same hosts. */
  down(options?: { readonly keepStorage?: boolean }): Promise<void>;
  status(): Promise<LabStatus>;
  /** Power loss: libvirtd and every QEMU of the host die at once. Resolves when they are gone. */
  crash(host: string): Promise<void>;
  /** The host's network cable is pulled; its guests go on. */
  partition(host: string): Promise<void>;
  heal(host: string): Promise<void>;
  /** Powers an empty host off; refuses while guests run there. */
  sleep(host: string): Promise<void>;
  /** Powers a host on and resolves when its libvirtd answers. */
  wake(host: string): Promise<void>;
  /** A daemon of the host stands still (SIGSTOP); its guests go on. Default: libvirtd. */
  hang(host: string, what?: HangTarget): Promise<void>;
  /** What `hang` stopped goes on. */
  resume(host: string): Promise<void>;
  /** The management controller loses its power or its network: it answers nothing, and its host stays as it is. */
  controllerOff(host: string): Promise<void>;
  controllerOn(host: string): Promise<void>;
  /** The independent record of QEMU runs since the lab's first `up`. */
  qemuProcesses(): Promise<readonly QemuRun[]>;
  leftovers(): Promise<readonly Leftover[]>;
  /** Copies files into the shared pool and makes every running host list them. Existing names of equal size are kept. */
  installVolumes(files: readonly { readonly from: string; readonly name: string }[]): Promise<void>;
  /** Runs a command inside a host, as root there. */
  run(host: string, command: readonly string[]): Promise<string>;
  /** PID of the host's init, as the machine sees it; null when it is off. */
  hostPid(host: string): Promise<number | null>;
}
