import { existsSync } from "node:fs";
import { mkdir, open, readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { startTicksOf, readIdentity } from "./processes";
import type { LabOptions } from "./types";

/** The labs of this machine, one file each. It lies in /run because labs do not outlive a reboot. */
const folder = "/run/berth-lab";

function fileOf(name: string): string {
  return path.join(folder, `${name}.json`);
}

export async function registeredLab(name: string): Promise<LabOptions | null> {
  return existsSync(fileOf(name)) ? (JSON.parse(await readFile(fileOf(name), "utf8")) as LabOptions) : null;
}

export async function registeredLabs(): Promise<readonly LabOptions[]> {
  if (!existsSync(folder)) return [];
  const names = (await readdir(folder)).filter((file) => file.endsWith(".json")).map((file) => file.slice(0, -".json".length));
  const labs = await Promise.all(names.map(registeredLab));
  return labs.filter((lab) => lab !== null);
}

/** Enters a lab; refuses a name or a subnet that another lab of this machine has. */
export async function registerLab(lab: LabOptions): Promise<void> {
  for (const other of await registeredLabs()) {
    if (other.name === lab.name && other.directory !== lab.directory) {
      throw new Error(`A lab named "${lab.name}" with its folder at ${other.directory} exists on this machine. Take it down there, or choose another name.`);
    }
    if (other.name !== lab.name && other.subnetIndex === lab.subnetIndex) {
      throw new Error(`The lab "${other.name}" has the network 10.77.${lab.subnetIndex}.0/24 already. Choose another subnet index, or take that lab down first.`);
    }
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(fileOf(lab.name), JSON.stringify(lab), { mode: 0o600 });
}

export async function forgetLab(name: string): Promise<void> {
  await rm(fileOf(name), { force: true });
}

/** The lowest subnet index that no registered lab has, for tests and throw-away labs. */
export async function freeSubnetIndex(from = 100): Promise<number> {
  const taken = new Set((await registeredLabs()).map((lab) => lab.subnetIndex));
  for (let index = from; index <= 255; index += 1) if (!taken.has(index) && !existsSync(`/sys/class/net/berth${index}`)) return index;
  throw new Error(`All lab networks from 10.77.${from}.0 to 10.77.255.0 are taken. Take unused labs down: "npm run lab -- list" shows them.`);
}

/** A holder this old is not waited for longer: bringing a lab up or down takes seconds. */
const lockTimeoutMs = 180_000;

/** Runs `work` while no other process changes the same lab; the lock of a dead process is taken over. */
export async function withLabLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = path.join(folder, `${name}.lock`);
  const end = Date.now() + lockTimeoutMs;
  for (;;) {
    try {
      const handle = await open(file, "wx");
      await handle.writeFile(`${process.pid} ${startTicksOf(process.pid) ?? 0}\n`);
      await handle.close();
      break;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
      // An empty file is a lock whose holder is about to write its name; give it a moment before calling it dead.
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (readIdentity(file) === null) await rm(file, { force: true });
      else if (Date.now() > end) throw new Error(`Another process has been changing the lab "${name}" for ${lockTimeoutMs / 1000} s (${file}). Wait for it or end it, then try again.`);
    }
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}
