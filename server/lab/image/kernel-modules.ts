import { readFile, readdir } from "node:fs/promises";
import path from "node:path";

export interface KernelModule {
  readonly name: string;
  readonly file: string;
  readonly content: Buffer;
}

/** What a guest of the lab can meet: virtio devices, the seed's file system, the power button. */
export const wantedModules = ["virtio_pci", "virtio_blk", "virtio_net", "virtio_console", "virtio_balloon", "virtio-rng", "isofs", "button", "evdev"] as const;

/** Modules are named with "-" in files and "_" inside the kernel. */
const plain = (name: string) => name.replaceAll("-", "_");

/** Reads the wanted modules and what they need, each after everything that it needs: the order for insmod. */
export async function modulesInOrder(moduleFolder: string, wanted: readonly string[]): Promise<readonly KernelModule[]> {
  const files = new Map<string, string>();
  for (const entry of await readdir(moduleFolder, { recursive: true })) {
    if (entry.endsWith(".ko")) files.set(plain(path.basename(entry, ".ko")), path.join(moduleFolder, entry));
  }
  const ordered = new Map<string, KernelModule>();
  const visit = async (name: string): Promise<void> => {
    const key = plain(name);
    if (ordered.has(key)) return;
    const file = files.get(key);
    // A module that the kernel has built in has no file; the kernel package says nothing else about it here.
    if (!file) return;
    const content = await readFile(file);
    for (const needed of dependenciesOf(content)) await visit(needed);
    ordered.set(key, { name: key, file: path.basename(file), content });
  };
  for (const name of wanted) {
    if (!files.has(plain(name))) throw new Error(`The kernel package has no module "${name}" in ${moduleFolder}; the guest could not use its devices. The kernel's packaging may have changed.`);
    await visit(name);
  }
  return [...ordered.values()];
}

/** The `depends=` entry of the module's own information section, as modinfo prints it. */
function dependenciesOf(content: Buffer): readonly string[] {
  const marker = Buffer.from("\0depends=");
  const at = content.indexOf(marker);
  if (at < 0) return [];
  const start = at + marker.length;
  return content.toString("latin1", start, content.indexOf(0, start)).split(",").filter(Boolean);
}
