/** Small enough for the gateway's largest message, large enough that a few of them are under way. */
const CHUNK_BYTES = 262_144;
const DONE = 1000;

export interface GuestFile {
  readonly name: string;
  readonly sizeBytes: number;
}

/** As server/console/close-codes.ts has them; `lost` for every other end. */
const REFUSALS = ["file-gone", "file-large", "file-no-room", "file-unsupported"] as const;
export type FileFailure = (typeof REFUSALS)[number] | "lost";

/** The gateway ended a transfer before it was done. */
export class TransferEnded extends Error {
  override readonly name = "TransferEnded";
  constructor(readonly why: FileFailure) {
    super(why);
  }
}

interface Word {
  readonly files?: readonly GuestFile[];
  readonly sizeBytes?: number;
  readonly writtenBytes?: number;
}

/** One ticket, one exchange. Resolves when the gateway says that all of it is done. @throws TransferEnded */
function exchange(url: string, on: { readonly word: (word: Word, socket: WebSocket) => void; readonly bytes?: (bytes: ArrayBuffer) => void }): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === "string") on.word(JSON.parse(data) as Word, socket);
      else on.bytes?.(data);
    };
    socket.onclose = ({ code, reason }) => {
      if (code === DONE) return resolve();
      const why = /^\[([a-z-]+)\]/.exec(reason)?.[1];
      reject(new TransferEnded(REFUSALS.find((name) => name === why) ?? "lost"));
    };
  });
}

export async function listFiles(url: string): Promise<readonly GuestFile[]> {
  let files: readonly GuestFile[] = [];
  await exchange(url, { word: (word) => (files = word.files ?? files) });
  return files;
}

/** Brings a file in; `onShare` hears how much of it the guest has, 0 to 1. */
export async function sendFile(url: string, file: File, onShare: (share: number) => void): Promise<void> {
  let begun = false;
  await exchange(url, {
    word: ({ writtenBytes = 0 }, socket) => {
      onShare(file.size === 0 ? 1 : writtenBytes / file.size);
      if (begun) return;
      begun = true;
      void pour(file, socket);
    },
  });
}

/** The browser keeps what the line has not taken, so no more is read than a few pieces ahead. */
async function pour(file: File, socket: WebSocket): Promise<void> {
  try {
    for (let at = 0; at < file.size && socket.readyState === WebSocket.OPEN; ) {
      if (socket.bufferedAmount > 4 * CHUNK_BYTES) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        continue;
      }
      socket.send(await file.slice(at, at + CHUNK_BYTES).arrayBuffer());
      at += CHUNK_BYTES;
    }
  } catch {
    // The file went away or cannot be read: what is missing is never sent, so the guest gets nothing of it.
    socket.close();
  }
}

/** Takes a file out. */
export async function fetchFile(url: string, onShare: (share: number) => void): Promise<Blob> {
  const parts: ArrayBuffer[] = [];
  let received = 0;
  let size = 0;
  await exchange(url, {
    word: (word) => (size = word.sizeBytes ?? size),
    bytes: (bytes) => {
      parts.push(bytes);
      received += bytes.byteLength;
      onShare(size === 0 ? 1 : received / size);
    },
  });
  return new Blob(parts);
}
