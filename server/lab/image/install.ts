import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Lab } from "../types";
import { buildDesktopImage } from "./desktop";
import { buildServerImage } from "./server";
import { buildTinyImage } from "./tiny";

const cacheFolder = fileURLToPath(new URL("../../../.data/images", import.meta.url));

/** Builds an image by its short name and lays it into a lab's storage; resolves to what a person should know of it. */
export async function installImage(lab: Lab, which: string): Promise<string> {
  switch (which) {
    case "tiny": {
      const image = await buildTinyImage({ directory: cacheFolder, log: console.log });
      await lab.installVolumes([
        { from: image.kernelPath, name: `${image.id}.vmlinuz` },
        { from: image.initrdPath, name: `${image.id}.initrd` },
        { from: image.rootVolumePath, name: `${image.id}.qcow2` },
      ]);
      return `${path.join(cacheFolder, image.id)} is in the pool as ${image.id}.{vmlinuz,initrd,qcow2}\nkernel command line: ${image.commandLine}`;
    }
    case "server": {
      const image = await buildServerImage({ directory: cacheFolder, log: console.log });
      await lab.installVolumes([{ from: image.diskPath, name: `${image.id}.qcow2` }]);
      return `${image.diskPath} is in the pool as ${image.id}.qcow2; it boots by itself (BIOS) with a disk of ${image.sizeMiB} MiB or more`;
    }
    case "desktop": {
      const image = await buildDesktopImage({ directory: cacheFolder, log: console.log });
      await lab.installVolumes([{ from: image.diskPath, name: `${image.id}.qcow2` }]);
      return `${image.diskPath} is in the pool as ${image.id}.qcow2; it boots by itself (BIOS) with a disk of ${image.sizeMiB} MiB or more and 768 MiB of memory`;
    }
    default:
      throw new Error(`There is no image "${which}". Images are: tiny, server, desktop.`);
  }
}
