import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { command } from "../run-command";
import { serverImageSupport } from "../support";
import { makeBootDisk } from "./boot-disk";
import type { BuildOptions } from "./tiny";

export interface ServerImage {
  readonly id: string;
  /** Boots by itself under a BIOS; cloud-init grows the root file system to the disk at first boot. */
  readonly diskPath: string;
  readonly sizeMiB: number;
}

const sizeMiB = 1536;
const packages = [
  "systemd-sysv", "udev", "dbus", "libpam-systemd", "kmod", "initramfs-tools", "zstd", "linux-image-cloud-amd64", "cloud-init", "qemu-guest-agent", "openssh-server",
  "iproute2", "iputils-ping", "netbase", "ca-certificates", "sudo", "e2fsprogs", "cloud-guest-utils", "less", "nano",
];
/** Documents, translations and drivers of hardware that a virtual machine never has. */
const leftOut = [
  "/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/lib/modules/*/kernel/sound/*", "/lib/modules/*/kernel/drivers/gpu/*",
  "/lib/modules/*/kernel/drivers/media/*", "/lib/modules/*/kernel/drivers/net/wireless/*", "/lib/modules/*/kernel/drivers/infiniband/*",
];
/** Services that would only cost a small guest time: waiting for the network, and package timers. */
const masked = ["systemd-networkd-wait-online.service", "apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_reap.service", "e2scrub_all.timer"];

const files: Readonly<Record<string, string>> = {
  "etc/fstab": "LABEL=root / ext4 defaults,noatime 0 1\n",
  "etc/hostname": "localhost\n",
  "etc/initramfs-tools/conf.d/berth": "MODULES=list\nCOMPRESS=zstd\n",
  "etc/initramfs-tools/modules": "virtio_pci\nvirtio_blk\nvirtio_scsi\nsd_mod\next4\n",
  // The seed is the only source; looking for others costs seconds at each boot. The locales package is not installed.
  "etc/cloud/cloud.cfg.d/90_berth.cfg": "datasource_list: [ NoCloud, None ]\nlocale: false\n",
};

/** Builds the Debian server image from the machine's own apt sources, or takes it from the cache. Takes minutes. */
export async function buildServerImage(options: BuildOptions): Promise<ServerImage> {
  const log = options.log ?? (() => undefined);
  const support = serverImageSupport();
  if (!support.available) throw new Error(`The server image cannot be built: ${support.reason}`);
  const recipe = createHash("sha256");
  for (const name of ["server.ts", "boot-disk.ts"]) recipe.update(await readFile(fileURLToPath(new URL(name, import.meta.url))));
  const id = `server-${recipe.digest("hex").slice(0, 12)}`;
  const target = path.join(options.directory, id);
  const image: ServerImage = { id, diskPath: path.join(target, "disk.qcow2"), sizeMiB };
  if (existsSync(image.diskPath)) return image;
  const work = path.join(options.directory, `build-${id}-${process.pid}`);
  const tree = path.join(work, "tree");
  await mkdir(tree, { recursive: true });
  try {
    log("Installing Debian into a folder (minutes) ...");
    await bootstrap(tree, work);
    log("Making the disk ...");
    const raw = path.join(work, "disk.raw");
    await makeBootDisk(tree, raw, sizeMiB, work);
    const out = path.join(work, "out");
    await mkdir(out);
    await command("qemu-img", ["convert", "-f", "raw", "-O", "qcow2", "-c", "-o", "compression_type=zstd", raw, path.join(out, "disk.qcow2")], { timeoutMs: 900_000 });
    await rename(out, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  log(`The server image is ready: ${id}`);
  return image;
}

async function bootstrap(tree: string, work: string): Promise<void> {
  const skeleton = path.join(work, "skeleton");
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(skeleton, name)), { recursive: true });
    await writeFile(path.join(skeleton, name), content);
  }
  await mkdir(path.join(skeleton, "etc/systemd/system"), { recursive: true });
  for (const unit of masked) await symlink("/dev/null", path.join(skeleton, "etc/systemd/system", unit));
  const inside = 'chroot "$1" systemctl enable systemd-networkd qemu-guest-agent ssh serial-getty@ttyS0 && chroot "$1" update-initramfs -u';
  await command(
    "mmdebstrap",
    [
      "--mode=root", "--variant=minbase", "--format=directory", ...leftOut.map((pattern) => `--dpkgopt=path-exclude=${pattern}`), `--include=${packages.join(",")}`,
      `--customize-hook=copy-in '${skeleton}/.' /`, `--customize-hook=${inside}`,
      // Every instance gets an identity of its own at first boot.
      '--customize-hook=rm -f "$1"/etc/ssh/ssh_host_* && : > "$1"/etc/machine-id',
      await suite(), tree, ...(await aptSources()),
    ],
    { timeoutMs: 1_800_000 },
  );
  const kernel = (await readdir(path.join(tree, "boot"))).find((name) => name.startsWith("vmlinuz-"));
  if (!kernel) throw new Error("The installed Debian has no kernel in /boot; the package linux-image-cloud-amd64 may have changed.");
  await mkdir(path.join(tree, "boot/grub"), { recursive: true });
  await writeFile(
    path.join(tree, "boot/grub/grub.cfg"),
    `set timeout=0\nsearch --no-floppy --label root --set=root\nlinux /boot/${kernel} root=LABEL=root ro console=tty0 console=ttyS0 quiet\ninitrd /boot/initrd.img-${kernel.slice("vmlinuz-".length)}\nboot\n`,
  );
}

async function suite(): Promise<string> {
  return /^VERSION_CODENAME=(.+)$/m.exec(await readFile("/etc/os-release", "utf8"))?.[1] ?? "bookworm";
}

/** The machine's own sources of Debian packages; other vendors' lists stay out of the image. */
async function aptSources(): Promise<readonly string[]> {
  const folder = "/etc/apt/sources.list.d";
  const candidates = ["/etc/apt/sources.list", ...(existsSync(folder) ? (await readdir(folder)).filter((name) => /^debian\b.*\.(list|sources)$/.test(name)).map((name) => path.join(folder, name)) : [])];
  const usable = await Promise.all(candidates.map(async (file) => (existsSync(file) && /^(deb |Types:)/m.test(await readFile(file, "utf8")) ? [file] : [])));
  const found = usable.flat();
  if (found.length === 0) throw new Error("No Debian package source was found in /etc/apt; the server image is installed from the machine's own sources.");
  return found;
}
