import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { command } from "../run-command";
import { cpioArchive, type CpioEntry } from "./cpio";
import { dependencyOf, downloadPackages, unpackPackages } from "./debian";
import { modulesInOrder, wantedModules } from "./kernel-modules";
import { librariesOf } from "./shared-libraries";

export interface TinyImage {
  /** Recipe and kernel version; also the cache folder's name. */
  readonly id: string;
  readonly kernelPath: string;
  readonly initrdPath: string;
  /** qcow2 with an empty ext4 file system: the base of every instance's disk. */
  readonly rootVolumePath: string;
  readonly rootSizeMiB: number;
  readonly commandLine: string;
}

export interface BuildOptions {
  /** Cache folder; every recipe and kernel gets a folder in it. */
  readonly directory: string;
  readonly log?: (line: string) => void;
}

const recipeFolder = fileURLToPath(new URL(".", import.meta.url));

/** Libraries stand here by package because Debian downloads by package; the build says which one is missing. */
const packages = [
  "busybox-static", "qemu-guest-agent", "dropbear-bin", "e2fsprogs", "libc6", "libglib2.0-0", "libpcre2-8-0", "libnuma1", "libudev1", "liburing2",
  "libcrypt1", "libtomcrypt1", "libtommath1", "libgmp10", "zlib1g", "libcom-err2", "libext2fs2", "libss2", "libblkid1", "libuuid1",
];

/** Programs of the guest besides busybox: where the package has them, and where the guest has them. */
const programs = { "usr/sbin/qemu-ga": "usr/sbin/qemu-ga", "usr/sbin/dropbear": "usr/sbin/dropbear", "sbin/resize2fs": "sbin/resize2fs" } as const;

/** Files of the guest's own, from the folder `guest/`. */
const scripts = {
  init: "init", "berth-agent": "bin/berth-agent", "berth-uevent": "bin/berth-uevent", "berth-data": "bin/berth-data", "berth-seed": "bin/berth-seed", "berth-writer": "bin/berth-writer",
  "berth-power-button": "bin/berth-power-button", shutdown: "sbin/shutdown", "udhcpc.sh": "etc/udhcpc.sh",
} as const;
const texts = { profile: "etc/profile", "banner.sh": "etc/banner.sh", passwd: "etc/passwd", group: "etc/group" } as const;

/** Large enough to hold a file system that can grow a thousandfold; an empty one takes 300 kB. */
const rootSizeMiB = 64;

/**
 * `memhp_default_state`: memory that is plugged in is used at once. `swiotlb`: room to grow puts addresses above 4 GiB, for which Linux
 * would set 64 MiB of bounce buffers aside; virtio needs none. The rest shortens the boot under emulation.
 */
const commandLine = "console=ttyS0 quiet memhp_default_state=online swiotlb=noforce rcupdate.rcu_expedited=1 random.trust_cpu=on audit=0 apparmor=0 mitigations=off cryptomgr.notests 8250.nr_uarts=1";

/** Builds the tiny guest from Debian packages, or takes it from the cache: the same recipe gives the same image. */
export async function buildTinyImage(options: BuildOptions): Promise<TinyImage> {
  const log = options.log ?? (() => undefined);
  const recipe = await recipeHash();
  const cached = await cachedImage(options.directory, recipe);
  if (cached) return cached;
  log("Building the tiny guest image from Debian packages (once) ...");
  const kernelPackage = await dependencyOf("linux-image-cloud-amd64", /^linux-image-\d\S*-cloud-amd64$/);
  const work = path.join(options.directory, `build-${recipe}-${process.pid}`);
  await rm(work, { recursive: true, force: true });
  const tree = path.join(work, "tree");
  await unpackPackages(await downloadPackages([kernelPackage, ...packages], path.join(options.directory, "packages")), tree);
  const version = kernelPackage.replace("linux-image-", "");
  const out = path.join(work, "out");
  await mkdir(out, { recursive: true });
  await copyFile(path.join(tree, "boot", `vmlinuz-${version}`), path.join(out, "vmlinuz"));
  await writeFile(path.join(out, "initrd"), gzipSync(cpioArchive(await guestTree(tree, version)), { level: 6 }));
  await makeRootVolume(out);
  const id = `tiny-${recipe}-${version}`;
  const target = path.join(options.directory, id);
  // Two builders at once make the same thing; whoever is second finds it there.
  await rename(out, target).catch((cause: unknown) => {
    if (!existsSync(target)) throw cause;
  });
  await rm(work, { recursive: true, force: true });
  log(`The tiny guest image is ready: ${id}`);
  return imageAt(options.directory, id);
}

/** What decides the image's content; the server image's recipe stands in the same folder and does not. */
const recipeFiles = ["tiny.ts", "cpio.ts", "kernel-modules.ts", "shared-libraries.ts"];

async function recipeHash(): Promise<string> {
  const hash = createHash("sha256");
  const guest = (await readdir(path.join(recipeFolder, "guest"))).sort().map((name) => path.join("guest", name));
  for (const file of [...recipeFiles, ...guest]) hash.update(`${file}\0`).update(await readFile(path.join(recipeFolder, file)));
  return hash.digest("hex").slice(0, 12);
}

async function cachedImage(directory: string, recipe: string): Promise<TinyImage | null> {
  if (!existsSync(directory)) return null;
  const ids = (await readdir(directory)).filter((entry) => entry.startsWith(`tiny-${recipe}-`));
  const newest = ids.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
  return newest ? imageAt(directory, newest) : null;
}

function imageAt(directory: string, id: string): TinyImage {
  const file = (name: string) => path.join(directory, id, name);
  return { id, kernelPath: file("vmlinuz"), initrdPath: file("initrd"), rootVolumePath: file("root.qcow2"), rootSizeMiB, commandLine };
}

async function guestTree(tree: string, kernelVersion: string): Promise<readonly CpioEntry[]> {
  const entries = new Map<string, CpioEntry>();
  const addFile = (name: string, mode: number, content: Buffer) => {
    const folders = name.split("/").slice(0, -1);
    folders.forEach((_, index) => {
      const folder = folders.slice(0, index + 1).join("/");
      if (!entries.has(folder)) entries.set(folder, { kind: "directory", path: folder, mode: 0o755 });
    });
    entries.set(name, { kind: "file", path: name, mode, content });
  };
  addFile("bin/busybox", 0o755, await readFile(path.join(tree, "bin/busybox")));
  for (const [from, to] of Object.entries(programs)) {
    addFile(to, 0o755, await readFile(path.join(tree, from)));
    for (const library of await librariesOf(tree, from)) addFile(library.path.slice(1), 0o755, await readFile(library.from));
  }
  for (const [from, to] of Object.entries(scripts)) addFile(to, 0o755, await readFile(path.join(recipeFolder, "guest", from)));
  for (const [from, to] of Object.entries(texts)) addFile(to, 0o644, await readFile(path.join(recipeFolder, "guest", from)));
  addFile("etc/shells", 0o644, Buffer.from("/bin/sh\n"));
  const modules = await modulesInOrder(path.join(tree, "lib/modules", kernelVersion), wantedModules);
  for (const part of modules) addFile(`modules/${part.file}`, 0o644, part.content);
  addFile("modules/order", 0o644, Buffer.from(modules.map((part) => `${part.file}\n`).join("")));
  entries.set("etc/dropbear", { kind: "link", path: "etc/dropbear", target: "/data/.ssh-host-keys" });
  return [...entries.values()];
}

async function makeRootVolume(folder: string): Promise<void> {
  const raw = path.join(folder, "root.raw");
  await command("truncate", ["-s", `${rootSizeMiB}M`, raw]);
  // Few inodes, because a file system that grows a thousandfold would otherwise write its inode tables for minutes.
  await command("mkfs.ext4", ["-q", "-F", "-b", "4096", "-i", "1048576", "-L", "berth-data", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard", "-J", "size=4", raw]);
  await command("qemu-img", ["convert", "-f", "raw", "-O", "qcow2", raw, path.join(folder, "root.qcow2")]);
  await rm(raw);
}
