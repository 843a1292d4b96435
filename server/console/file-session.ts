import type { RawData, WebSocket } from "ws";
import { DriverError, type DriverErrorCode } from "@/server/drivers/errors";
import { GUEST_FILE_PART_BYTES, type HypervisorHost } from "@/server/drivers/hypervisor/types";
import { ByteReader } from "./byte-reader";
import { CLOSE, fileRefused, type Ending } from "./close-codes";
import { shortened } from "./session";
import type { FileWay } from "./store";

/** What waits for the guest: the client is paused when it is half a mebibyte, and what was under way then still comes. */
const PAUSE_AT_BYTES = 524_288;
const MOST_WAITING_BYTES = 4_194_304;
/** Neither side moved for so long: a guest whose agent hangs, a client that went away without a word. */
const STALLED_MS = 60_000;

export interface FileSessionOptions {
  readonly id: string;
  readonly way: FileWay;
  readonly name: string;
  /** The size of what is brought in; the most that may be taken out. */
  readonly bytes: number;
  readonly onEnd: (ending: Ending, counters: { readonly bytesToClient: number; readonly bytesFromClient: number }) => void;
}

/**
 * One look at a guest's files, one file in, or one file out. The client sends bytes, or gets them; what is said about them goes as JSON texts: `{"files": [...]}`, `{"sizeBytes": n}`
 * before a file that is taken out, `{"writtenBytes": n}` when bytes may come and after each part that the guest has. A close with 1000 says that all of it is done.
 */
export class FileSession {
  readonly id: string;
  readonly peakBufferedBytes = 0;
  private readonly reader = new ByteReader(MOST_WAITING_BYTES);
  private waitingBytes = 0;
  private receivedBytes = 0;
  private sentBytes = 0;
  private ended = false;
  private stalled: NodeJS.Timeout | null = null;

  constructor(
    private readonly webSocket: WebSocket,
    private readonly options: FileSessionOptions,
  ) {
    this.id = options.id;
    webSocket.on("message", (data) => this.receive(data));
    webSocket.on("close", (code: number) => this.end({ code: CLOSE.clientLeft, reason: `the client left (${code})` }));
    webSocket.on("error", () => this.end({ code: CLOSE.protocol, reason: "The client broke the protocol." }));
    this.moved();
  }

  /** Carries it out and ends. */
  async run(host: HypervisorHost, instanceId: string): Promise<void> {
    try {
      if (this.options.way === "list") this.say({ files: await host.listGuestFiles(instanceId) });
      else if (this.options.way === "in") await this.bringIn(host, instanceId);
      else await this.takeOut(host, instanceId);
      this.end({ code: CLOSE.clientLeft, reason: "done" });
    } catch (error) {
      if (this.ended) return;
      if (!(error instanceof DriverError)) throw error;
      this.end(endingOf(error));
    }
  }

  private async bringIn(host: HypervisorHost, instanceId: string): Promise<void> {
    const { name, bytes } = this.options;
    let offsetBytes = 0;
    // What a client sends before somebody listens to it is lost: this is the sign to begin.
    this.say({ writtenBytes: 0 });
    do {
      const data = Buffer.from(await this.take(Math.min(GUEST_FILE_PART_BYTES, bytes - offsetBytes)));
      const isLast = offsetBytes + data.length === bytes;
      await host.writeGuestFile(instanceId, { name, offsetBytes, data, isLast });
      offsetBytes += data.length;
      this.say({ writtenBytes: offsetBytes });
    } while (offsetBytes < bytes && !this.ended);
  }

  private async takeOut(host: HypervisorHost, instanceId: string): Promise<void> {
    const { name, bytes } = this.options;
    const found = (await host.listGuestFiles(instanceId)).find((file) => file.name === name);
    if (!found) return this.end(fileRefused("file-gone", "There is no such file in the guest."));
    if (found.sizeBytes > bytes) return this.end(fileRefused("file-large", "The file is larger than what may be taken out."));
    this.say({ sizeBytes: found.sizeBytes });
    // As long as it was when it was measured: a file that grows while it is read has no end.
    for (let offsetBytes = 0; offsetBytes < found.sizeBytes && !this.ended; ) {
      const part = await host.readGuestFile(instanceId, { name, offsetBytes, lengthBytes: Math.min(GUEST_FILE_PART_BYTES, found.sizeBytes - offsetBytes) });
      if (part.length === 0) return this.end(fileRefused("file-gone", "The file became shorter while it was read."));
      await this.send(part);
      offsetBytes += part.length;
    }
  }

  private async take(bytes: number): Promise<Buffer> {
    const data = await this.reader.read(bytes);
    this.waitingBytes -= bytes;
    if (this.waitingBytes < PAUSE_AT_BYTES && this.webSocket.isPaused) this.webSocket.resume();
    return data;
  }

  private receive(data: RawData): void {
    if (this.ended) return;
    const bytes = Buffer.isBuffer(data) ? data : Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
    this.receivedBytes += bytes.length;
    if (this.options.way !== "in" || this.receivedBytes > this.options.bytes) return this.end({ code: CLOSE.protocol, reason: "More was sent than the file's size." });
    this.moved();
    this.waitingBytes += bytes.length;
    this.reader.push(bytes);
    if (this.waitingBytes >= PAUSE_AT_BYTES) this.webSocket.pause();
  }

  /** Resolves when the line has taken it: a slow client slows the guest's side down. */
  private send(part: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.webSocket.send(part, { binary: true }, () => {
        this.sentBytes += part.length;
        this.moved();
        resolve();
      });
    });
  }

  private say(word: Readonly<Record<string, unknown>>): void {
    this.moved();
    if (!this.ended) this.webSocket.send(JSON.stringify(word));
  }

  private moved(): void {
    if (this.stalled) clearTimeout(this.stalled);
    if (!this.ended) this.stalled = setTimeout(() => this.end({ code: CLOSE.upstreamUnavailable, reason: "The file did not move on for a minute." }), STALLED_MS);
  }

  end(ending: Ending): void {
    if (this.ended) return;
    this.ended = true;
    if (this.stalled) clearTimeout(this.stalled);
    this.reader.fail(new DriverError("failed", "the transfer ended"));
    // A paused socket would not read the answer to the close.
    if (this.webSocket.isPaused) this.webSocket.resume();
    if (this.webSocket.readyState === this.webSocket.OPEN) this.webSocket.close(ending.code, shortened(ending.reason));
    this.options.onEnd(ending, { bytesToClient: this.sentBytes, bytesFromClient: this.receivedBytes });
  }
}

const REFUSALS: Partial<Record<DriverErrorCode, Ending>> = {
  "not-found": fileRefused("file-gone", "There is no such file in the guest."),
  insufficient: fileRefused("file-no-room", "The guest's disk has no room for it."),
  unsupported: fileRefused("file-unsupported", "This guest cannot exchange files: it has no folder or no programs for it."),
};

function endingOf(error: DriverError): Ending {
  return REFUSALS[error.code] ?? { code: CLOSE.upstreamUnavailable, reason: "The guest's agent does not answer now; it may be starting or moving." };
}
