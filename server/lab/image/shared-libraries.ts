import { realpath } from "node:fs/promises";
import path from "node:path";
import { command } from "../run-command";

export interface SharedLibrary {
  /** Where the guest's loader looks for it. */
  readonly path: string;
  /** The file to copy. */
  readonly from: string;
}

const loader = "lib64/ld-linux-x86-64.so.2";
const folders = ["lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"];

/** Every library that a program of the unpacked tree needs, found by the tree's own loader and in the tree alone. */
export async function librariesOf(tree: string, program: string): Promise<readonly SharedLibrary[]> {
  const realLoader = await realpath(path.join(tree, loader));
  const listed = await command(realLoader, ["--inhibit-cache", "--library-path", folders.map((folder) => path.join(tree, folder)).join(":"), "--list", path.join(tree, program)]);
  const libraries: SharedLibrary[] = [{ path: `/${loader}`, from: realLoader }];
  for (const line of listed.split("\n")) {
    const match = /^\s*(\S+) => (\S+)/.exec(line);
    if (!match?.[1] || !match[2] || match[1].includes("/")) continue;
    if (!match[2].startsWith(tree)) throw new Error(`${program} needs ${match[1]}, which is in none of the listed packages (the machine's own ${match[2]} is not taken). Add its package to the recipe.`);
    libraries.push({ path: `/lib/x86_64-linux-gnu/${match[1]}`, from: await realpath(match[2]) });
  }
  return libraries;
}
