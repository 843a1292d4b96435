import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { command } from "../run-command";
import { serverImageSupport } from "../support";
import { makeBootDisk } from "./boot-disk";
import type { BuildOptions } from "./tiny";

/** A Debian that boots by itself under a BIOS, as a recipe: the same recipe gives the same id. */
export interface DebianRecipe {
  /** Begins the id of what is built of it. */
  readonly name: string;
  /** What a person calls it, in messages. */
  readonly title: string;
  readonly sizeMiB: number;
  readonly kernelPackage: string;
  readonly packages: readonly string[];
  /** Paths that dpkg leaves out, as patterns. */
  readonly leftOut: readonly string[];
  readonly enabled: readonly string[];
  readonly masked: readonly string[];
  /** Files of the image's own, by path without the first slash. */
  readonly files: Readonly<Record<string, string>>;
  /** Those of `files` that are programs. */
  readonly programs: readonly string[];
  /** Shell lines inside the installed system, before its initial RAM disk is made. */
  readonly inside: readonly string[];
}

export interface DebianImage {
  readonly id: string;
  readonly diskPath: string;
  readonly sizeMiB: number;
}

/** How the disk is made counts as much as the recipe itself. */
const builderFiles = ["debian-disk.ts", "boot-disk.ts"];

function idOf(recipe: DebianRecipe, builder: readonly Buffer[]): string {
  const hash = createHash("sha256").update(JSON.stringify(recipe));
  for (const part of builder) hash.update(part);
  return `${recipe.name}-${hash.digest("hex").slice(0, 12)}`;
}

/** The image of a recipe if it was built already; null otherwise. */
export async function cachedDebianDisk(recipe: DebianRecipe, directory: string): Promise<DebianImage | null> {
  const builder = await Promise.all(builderFiles.map((name) => readFile(fileURLToPath(new URL(name, import.meta.url)))));
  const image = imageAt(idOf(recipe, builder), recipe, directory);
  return existsSync(image.diskPath) ? image : null;
}

function imageAt(id: string, recipe: DebianRecipe, directory: string): DebianImage {
  return { id, diskPath: path.join(directory, id, "disk.qcow2"), sizeMiB: recipe.sizeMiB };
}

/** Builds an image from the machine's own apt sources, or takes it from the cache. Takes minutes. */
export async function buildDebianDisk(recipe: DebianRecipe, options: BuildOptions): Promise<DebianImage> {
  const log = options.log ?? (() => undefined);
  const cached = await cachedDebianDisk(recipe, options.directory);
  if (cached) return cached;
  const support = serverImageSupport();
  if (!support.available) throw new Error(`The ${recipe.title} cannot be built: ${support.reason}`);
  const builder = await Promise.all(builderFiles.map((name) => readFile(fileURLToPath(new URL(name, import.meta.url)))));
  const image = imageAt(idOf(recipe, builder), recipe, options.directory);
  const work = path.join(options.directory, `build-${image.id}-${process.pid}`);
  const tree = path.join(work, "tree");
  await mkdir(tree, { recursive: true });
  try {
    log("Installing Debian into a folder (minutes) ...");
    await bootstrap(recipe, tree, work);
    log("Making the disk ...");
    const raw = path.join(work, "disk.raw");
    await makeBootDisk(tree, raw, recipe.sizeMiB, work);
    const out = path.join(work, "out");
    await mkdir(out);
    await command("qemu-img", ["convert", "-f", "raw", "-O", "qcow2", "-c", "-o", "compression_type=zstd", raw, path.join(out, "disk.qcow2")], { timeoutMs: 900_000 });
    await rename(out, path.dirname(image.diskPath));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  log(`The ${recipe.title} is ready: ${image.id}`);
  return image;
}

async function bootstrap(recipe: DebianRecipe, tree: string, work: string): Promise<void> {
  const skeleton = path.join(work, "skeleton");
  for (const [name, content] of Object.entries(recipe.files)) {
    const file = path.join(skeleton, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
    if (recipe.programs.includes(name)) await chmod(file, 0o755);
  }
  await mkdir(path.join(skeleton, "etc/systemd/system"), { recursive: true });
  for (const unit of recipe.masked) await symlink("/dev/null", path.join(skeleton, "etc/systemd/system", unit));
  const lines = [...recipe.inside, `systemctl enable ${recipe.enabled.join(" ")}`, "update-initramfs -u"];
  // In mounts of its own: it binds this machine's devices and its shared memory into the tree, and an installation that is broken off would leave them there for
  // the removal of the tree to follow. Whatever becomes of it, they are gone with its last process.
  await command(
    "unshare",
    [
      "--mount", "--propagation", "private", "sh", "-c", 'mount -t tmpfs tmpfs /dev/shm && exec "$@"', "sh", "mmdebstrap",
      "--mode=root", "--variant=minbase", "--format=directory", ...recipe.leftOut.map((pattern) => `--dpkgopt=path-exclude=${pattern}`), `--include=${[recipe.kernelPackage, ...recipe.packages].join(",")}`,
      `--customize-hook=copy-in '${skeleton}/.' /`, ...lines.map((line) => `--customize-hook=chroot "$1" sh -c '${line}'`),
      // Every instance gets an identity of its own at first boot.
      '--customize-hook=rm -f "$1"/etc/ssh/ssh_host_* && : > "$1"/etc/machine-id',
      await suite(), tree, ...(await aptSources()),
    ],
    { timeoutMs: 1_800_000 },
  );
  const kernel = (await readdir(path.join(tree, "boot"))).find((name) => name.startsWith("vmlinuz-"));
  if (!kernel) throw new Error(`The installed Debian has no kernel in /boot; the package ${recipe.kernelPackage} may have changed.`);
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
  if (found.length === 0) throw new Error("No Debian package source was found in /etc/apt; the image is installed from the machine's own sources.");
  return found;
}
