import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { command, tryCommand } from "../run-command";

/** As root, apt hands downloads to a user of its own that cannot write into our folder. */
const asRoot = ["-o", "APT::Sandbox::User=root"];

/** Resolves a package that only points to another one, such as the newest kernel's. */
export async function dependencyOf(name: string, pattern: RegExp): Promise<string> {
  const find = async () => {
    const shown = await tryCommand("apt-cache", ["depends", name]);
    return shown.stdout.split("\n").map((line) => line.trim().replace("Depends: ", "")).find((line) => pattern.test(line));
  };
  const found = (await find()) ?? (await refreshLists().then(find));
  if (!found) throw new Error(`apt knows no package for ${name}. Check the machine's apt sources (they must have Debian's main section), then run "apt-get update".`);
  return found;
}

async function refreshLists(): Promise<void> {
  await command("apt-get", ["-q", "update"], { timeoutMs: 300_000 });
}

/** Downloads packages with the machine's own apt sources (nothing is installed) and resolves to the files. */
export async function downloadPackages(names: readonly string[], folder: string): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  const list = async () => await tryCommand("apt-get", [...asRoot, "download", "--print-uris", ...names], { cwd: folder });
  let uris = await list();
  if (uris.code !== 0) {
    await refreshLists();
    uris = await list();
  }
  if (uris.code !== 0) throw new Error(`These packages could not be found: ${names.join(" ")}. apt's own words: ${uris.stderr.trim()}`);
  const files = uris.stdout.split("\n").flatMap((line) => line.split(" ").filter((word) => word.endsWith(".deb")));
  const missing = files.filter((file) => !existsSync(path.join(folder, file)));
  if (missing.length > 0 || files.length < names.length) await fetchAll(names, folder);
  return (await readdir(folder)).filter((file) => files.length === 0 || files.includes(file)).map((file) => path.join(folder, file));
}

async function fetchAll(names: readonly string[], folder: string): Promise<void> {
  const part = `${folder}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true });
  await command("apt-get", [...asRoot, "-q", "download", ...names], { cwd: part, timeoutMs: 600_000 });
  for (const file of await readdir(part)) await rename(path.join(part, file), path.join(folder, file));
  await rm(part, { recursive: true });
}

export async function unpackPackages(files: readonly string[], target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  for (const file of files) await command("dpkg-deb", ["--extract", file, target]);
}
