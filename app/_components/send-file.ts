/** A refusal by the upload route, in its own words. */
export class UploadError extends Error {
  override readonly name = "UploadError";
}

/** The route answers a problem as JSON; anything else is a proxy between us. */
function wordsOf(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return null;
    const inner = "problem" in value && typeof value.problem === "object" && value.problem !== null ? value.problem : value;
    return "message" in inner && typeof inner.message === "string" ? inner.message : null;
  } catch {
    return null;
  }
}

/**
 * Sends a file as the raw body of one PUT. XMLHttpRequest, because fetch tells nothing of how much was sent.
 * @throws UploadError with the server's words, or with none when the connection was lost.
 */
export function sendFile(url: string, file: File, onProgress: (fraction: number) => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.upload.addEventListener("progress", (event) => event.lengthComputable && onProgress(event.loaded / event.total));
    request.addEventListener("load", () => (request.status < 300 ? resolve() : reject(new UploadError(wordsOf(request.responseText) ?? ""))));
    request.addEventListener("error", () => reject(new UploadError("")));
    request.addEventListener("abort", () => reject(new UploadError("")));
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}
