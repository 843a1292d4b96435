import { DriverError } from "../../errors";
import { fileToScreenshot, narrowScreenshot } from "../picture";
import type { Screenshot, ScreenshotOptions } from "../types";
import type { HostLink } from "./link";
import { needRunning } from "./lookup";
import { procedures } from "./rpc/procedures";
import { RpcStream } from "./rpc/stream";

/** QEMU writes a file on the host first; a busy one takes its time. */
const SCREENSHOT_TIMEOUT_MS = 20_000;
/** A pixmap of 8192 by 4320 points. */
const MOST_BYTES = 8_192 * 4_320 * 3;

/** The stream owns its connection. libvirt sends what QEMU writes: a PNG from QEMU 7.1 on, a pixmap before. */
export async function screenshot(link: HostLink, instanceId: string, options?: ScreenshotOptions): Promise<Screenshot> {
  const dom = await needRunning(link, instanceId, "a picture of the screen", options);
  const timeoutMs = options?.timeoutMs ?? SCREENSHOT_TIMEOUT_MS;
  const limit = AbortSignal.timeout(timeoutMs);
  const connection = await link.dedicated();
  try {
    const stream = await RpcStream.open(connection, procedures.domainScreenshot, { dom, screen: 0, flags: 0 }, { timeoutMs, signal: options?.signal });
    const late = (): void => void stream.destroy(new DriverError("timeout", `the picture of the screen of "${instanceId}" did not arrive within ${timeoutMs} ms`, { instanceId }));
    limit.addEventListener("abort", late, { once: true });
    try {
      return narrowScreenshot(fileToScreenshot(await collect(stream, instanceId)), options?.widthPixels);
    } finally {
      limit.removeEventListener("abort", late);
    }
  } finally {
    connection.close();
  }
}

async function collect(stream: RpcStream, instanceId: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new DriverError("failed", `the picture of the screen of "${instanceId}" has more than ${MOST_BYTES} bytes`, { instanceId });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
