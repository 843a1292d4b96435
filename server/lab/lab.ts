import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { copyFile, mkdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { startBmc, stopBmc } from "./bmc";
import { startDaemon, stopDaemon } from "./daemon";
import { writeHostFiles } from "./host-files";
import { readJournal } from "./journal";
import { layoutOf, poolName, type Layout } from "./layout";
import { findLeftovers, labProcesses } from "./leftovers";
import { issueCertificate, type Certificate } from "./pki";
import { signalDaemons } from "./hang";
import { answers, hostInit, labMark, runInHost, switchHost, waitForHost } from "./power";
import { guestsOf } from "./processes";
import { forgetLab, registerLab, withLabLock } from "./registry";
import { tryCommand, waitUntil } from "./run-command";
import { labSupport } from "./support";
import type { HostStatus, Lab, LabHost, LabOptions, LabStatus, UpResult } from "./types";
import { cableState, plugCable, pullCable, unwire, wire } from "./wiring";

const recorderProgram = fileURLToPath(new URL("./recorder.ts", import.meta.url));
const repository = fileURLToPath(new URL("../..", import.meta.url));

/** Describes a lab; touches nothing until `up()`. */
export function openLab(options: LabOptions): Lab {
  const layout = layoutOf(options, () => passwordOf(options.directory));
  const clientCertificate = (): Certificate | null => readClientCertificate(options);
  return {
    options,
    get hosts(): readonly LabHost[] {
      const client = options.tls ? clientCertificate() : null;
      return layout.hostNames.map((host) => ({ ...layout.host(host), ...(client ? { tls: { uri: `tls://${layout.address(host)}:16514`, ...client } } : {}) }));
    },
    gatewayAddress: layout.gateway,
    guestAddresses: { first: `${layout.subnet}.100`, last: `${layout.subnet}.250`, prefixLength: 24 },
    sharedPoolDirectory: layout.sharedPool,
    up: () => withLabLock(options.name, () => up(layout)),
    down: (choice) => withLabLock(options.name, () => down(layout, choice?.keepStorage ?? false)),
    status: () => status(layout),
    crash: async (host) => switchHost(layout, checked(layout, host), "off"),
    partition: async (host) => pullCable(layout, checked(layout, host)),
    heal: async (host) => plugCable(layout, checked(layout, host), hostInit(layout, host) !== null),
    sleep: async (host) => sleep(layout, checked(layout, host)),
    wake: async (host) => {
      await switchHost(layout, checked(layout, host), "on");
      await waitForHost(layout, host);
    },
    hang: async (host, what = "libvirtd") => signalDaemons(layout, checked(layout, host), what, "SIGSTOP"),
    resume: async (host) => {
      for (const what of ["libvirtd", "lease"] as const) signalDaemons(layout, checked(layout, host), what, "SIGCONT");
    },
    controllerOff: (host) => stopBmc(layout, checked(layout, host)),
    controllerOn: (host) => startBmc(layout, checked(layout, host)),
    qemuProcesses: () => readJournal(layout.journal),
    leftovers: async () => findLeftovers(layout),
    installVolumes: (files) => installVolumes(layout, files),
    run: async (host, words) => runInHost(layout, checked(layout, host), words),
    hostPid: async (host) => hostInit(layout, checked(layout, host))?.pid ?? null,
  };
}

/** Refuses a host that the lab does not have before anything is tried on it. */
function checked(layout: Layout, host: string): string {
  layout.address(host);
  return host;
}

/** One password for the lab's management controllers, made by `up()` and kept in its folder so that every process knows the same. */
function passwordOf(directory: string): string {
  const file = passwordFile(directory);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

function passwordFile(directory: string): string {
  return path.join(directory, "bmc-password");
}

function readClientCertificate(options: LabOptions): Certificate | null {
  const file = (name: string) => path.join(options.directory, "pki", name);
  if (!existsSync(file("berth-control.crt"))) return null;
  return { ca: readFileSync(file("ca.crt"), "utf8"), certificate: readFileSync(file("berth-control.crt"), "utf8"), key: readFileSync(file("berth-control.key"), "utf8") };
}

async function up(layout: Layout): Promise<UpResult> {
  const startMs = Date.now();
  const support = await labSupport();
  if (!support.available) throw new Error(`The lab cannot be started: ${support.reason}`);
  await registerLab(layout.options);
  await mkdir(layout.sharedPool, { recursive: true });
  // Six random bytes: the simulator takes at most 16 characters.
  if (passwordOf(layout.options.directory) === "") writeFileSync(passwordFile(layout.options.directory), randomBytes(6).toString("hex"), { mode: 0o600 });
  await checkDirectIo(layout.sharedPool);
  if (layout.options.tls) {
    await mkdir("/etc/pki", { recursive: true });
    await issueCertificate(layout.options.directory, "berth-control", [layout.gateway]);
  }
  const recording = startRecorder(layout);
  await wire(layout);
  const adopted = layout.hostNames.filter((host) => hostInit(layout, host) !== null);
  const started = layout.hostNames.filter((host) => !adopted.includes(host));
  // One authority signs for all, one after the other: openssl keeps a serial file.
  for (const host of started) await writeHostFiles(layout, host);
  await Promise.all(layout.hostNames.map((host) => plugCable(layout, host, adopted.includes(host))));
  await Promise.all([
    ...started.map((host) => switchHost(layout, host, "on")),
    ...layout.hostNames.map((host) => startBmc(layout, host)),
  ]);
  await Promise.all(layout.hostNames.map((host) => waitForHost(layout, host)));
  await recording;
  return { adopted, started, ms: Date.now() - startMs };
}

async function startRecorder(layout: Layout): Promise<void> {
  const folders = layout.hostNames.map((host) => `${host}=${layout.hostDirectory(host)}`);
  const startMs = Date.now();
  const how = await startDaemon(path.join(layout.options.directory, "recorder.pid"), process.execPath, ["--import", "tsx", recorderProgram, layout.journal, ...folders], {
    cwd: repository,
    env: labMark(layout),
    log: path.join(layout.options.directory, "recorder.log"),
  });
  if (how === "kept") return;
  // A guest that starts and dies before the first look would be missing from the record.
  const heartbeat = `${layout.journal}.heartbeat`;
  await waitUntil(`the record of QEMU processes has begun (its log: ${layout.options.directory}/recorder.log)`, 60_000, () => existsSync(heartbeat) && statSync(heartbeat).mtimeMs >= startMs - 10);
}

/** Guests use their disks with cache=none, which takes O_DIRECT from the file system below. */
async function checkDirectIo(directory: string): Promise<void> {
  const file = path.join(directory, ".direct-io-probe");
  const probe = await tryCommand("dd", ["if=/dev/zero", `of=${file}`, "bs=4096", "count=1", "oflag=direct", "status=none"]);
  await rm(file, { force: true });
  if (probe.code !== 0) throw new Error(`The file system of ${directory} refuses direct I/O, which the guests' disks need: ${probe.stderr.trim()}. Choose a folder on ext4, xfs or btrfs.`);
}

async function down(layout: Layout, keepStorage: boolean): Promise<void> {
  const { directory, name } = layout.options;
  for (const host of layout.hostNames) {
    await stopBmc(layout, host);
    if (existsSync(path.join(layout.hostDirectory(host), "host.env"))) await switchHost(layout, host, "off");
  }
  await stopDaemon(path.join(directory, "recorder.pid"));
  // What an interrupted start left without an identity file is found by its mark or its namespace.
  for (const pid of labProcesses(layout)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause;
    }
  }
  await waitUntil(`the processes of lab "${name}" end`, 20_000, () => labProcesses(layout).length === 0);
  await unwire(layout);
  await tryCommand("sh", ["-c", `find /sys/fs/cgroup -depth -type d -path '*/berth-${name}-h[0-9]*' -exec rmdir {} + 2>/dev/null`]);
  await forgetLab(name);
  // Hosts that keep their disks are the same hosts at the next start: same identity, same controller, same certificates.
  for (const entry of ["recorder.log", "qemu-runs.jsonl", "qemu-runs.jsonl.heartbeat", ...(keepStorage ? [] : ["hosts", "pki", "bmc-password", "shared", "cache"])]) {
    await rm(path.join(directory, entry), { recursive: true, force: true });
  }
  // Removes the lab's folder when nothing else is in it; somebody else's files stay.
  await tryCommand("rmdir", [directory]);
}

async function sleep(layout: Layout, host: string): Promise<void> {
  const init = hostInit(layout, host);
  if (init === null) return;
  const guests = guestsOf(init.pid).map((guest) => guest.instance);
  if (guests.length > 0) throw new Error(`Lab host ${host} is not put to sleep: ${guests.length} guests run there (${guests.join(", ")}). Move or stop them first, or use "crash" for a power loss.`);
  await switchHost(layout, host, "off");
}

async function status(layout: Layout): Promise<LabStatus> {
  const hosts = await Promise.all(
    layout.hostNames.map(async (host): Promise<HostStatus> => {
      const init = hostInit(layout, host);
      return {
        name: host,
        power: init === null ? "off" : "on",
        link: await cableState(layout, host),
        answering: init !== null && (await answers(layout.address(host), 16509, 1_000)),
        guests: init === null ? [] : guestsOf(init.pid).map((guest) => guest.instance),
      };
    }),
  );
  const recorder = await tryCommand("sh", ["-c", `[ -s "$1" ] && read -r pid _ <"$1" && kill -0 "$pid"`, "sh", path.join(layout.options.directory, "recorder.pid")]);
  return { name: layout.options.name, up: hosts.some((host) => host.power === "on"), hosts, recording: recorder.code === 0 };
}

async function installVolumes(layout: Layout, files: readonly { readonly from: string; readonly name: string }[]): Promise<void> {
  await mkdir(layout.sharedPool, { recursive: true });
  for (const { from, name } of files) {
    const target = path.join(layout.sharedPool, name);
    const there = existsSync(target) ? await stat(target) : null;
    if (there?.size === (await stat(from)).size) continue;
    // A host that lists the pool now must not see half an image.
    await copyFile(from, `${target}.part`);
    await rename(`${target}.part`, target);
  }
  for (const host of layout.hostNames) {
    if (hostInit(layout, host) !== null) await runInHost(layout, host, ["virsh", "-q", "pool-refresh", poolName]);
  }
}
