import { execFile } from "node:child_process";
import { open } from "node:fs/promises";
import { z } from "zod";
import { DriverError } from "../errors";
import type { DiskImageFacts, DiskImageInspector, NotThatFormat } from "./types";

/** Reading a header takes milliseconds; whatever takes longer is an image made to take longer. */
const TIMEOUT_MS = 30_000;
/** Bounds of the child on Linux: an image made to exhaust memory or time must only hurt itself. Address space in bytes, CPU in seconds. */
const LIMITS = ["--as=1073741824", "--cpu=20"];
/** First bytes of qcow2 ("QFI" 0xfb), VMDK ("KDMV"), VHDX ("vhdxfile"), LUKS ("LUKS" 0xba 0xbe): a raw disk does not begin with them. */
const FOREIGN_MAGIC = ["514649fb", "4b444d56", "766864786669", "4c554b53babe"];

const infoSchema = z.object({
  format: z.string(),
  "virtual-size": z.number().int().nonnegative(),
  "backing-filename": z.string().optional(),
  "full-backing-filename": z.string().optional(),
  encrypted: z.boolean().optional(),
  "format-specific": z.object({ data: z.object({ "data-file": z.string().optional(), corrupt: z.boolean().optional(), encrypt: z.unknown().optional() }).loose() }).loose().optional(),
});

/** Looks at images with QEMU's own tool. */
export const qemuImgInspector: DiskImageInspector = {
  async inspect(path, format) {
    const { head, sizeBytes } = await readHead(path);
    if (format === "raw" && FOREIGN_MAGIC.some((magic) => head.startsWith(magic))) return { invalid: "the file begins like an image of another format" };
    const text = await runInfo(path, format);
    if (typeof text !== "string") return text;
    const parsed = infoSchema.safeParse(JSON.parse(text));
    if (!parsed.success) throw new DriverError("failed", `qemu-img says something of ${path} that is not understood.`, { output: text.slice(0, 2000) });
    const info = parsed.data;
    const specific = info["format-specific"]?.data;
    const facts: DiskImageFacts = {
      virtualSizeBytes: info["virtual-size"],
      fileSizeBytes: sizeBytes,
      backingFile: info["backing-filename"] ?? info["full-backing-filename"] ?? null,
      dataFile: specific?.["data-file"] ?? null,
      encrypted: info.encrypted === true || specific?.encrypt !== undefined,
      corrupt: specific?.corrupt === true,
    };
    return facts;
  },
};

async function readHead(path: string): Promise<{ readonly head: string; readonly sizeBytes: number }> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
    return { head: buffer.subarray(0, bytesRead).toString("hex"), sizeBytes: (await file.stat()).size };
  } finally {
    await file.close();
  }
}

function runInfo(path: string, format: string): Promise<string | NotThatFormat> {
  const info = ["info", "--output=json", "-f", format, path];
  const [command, args] = process.platform === "linux" ? ["prlimit", [...LIMITS, "qemu-img", ...info]] : ["qemu-img", info];
  return new Promise((resolve, reject) => {
    execFile(/* turbopackIgnore: true */ command, args, { timeout: TIMEOUT_MS, maxBuffer: 1024 * 1024, env: { ...process.env, LC_ALL: "C" } }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      if (error.code === "ENOENT") return reject(new DriverError("unreachable", "qemu-img is not installed on this machine, so no image can be checked. Install the package qemu-utils.", {}, { cause: error }));
      if (error.killed) return resolve({ invalid: "looking at its header took too long" });
      // prlimit answers 127 when it cannot find the program; qemu-img answers 1 for everything that is wrong with the image.
      if (error.code === 127) return reject(new DriverError("unreachable", "qemu-img is not installed on this machine, so no image can be checked. Install the package qemu-utils.", { stderr }, { cause: error }));
      resolve({ invalid: stderr.replaceAll(path, "the file").replaceAll(/^qemu-img: /gm, "").trim().split("\n")[0] ?? "qemu-img does not read it" });
    });
  });
}
