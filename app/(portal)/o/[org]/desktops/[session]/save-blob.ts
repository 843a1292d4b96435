/** The URL of a file may go once the browser has begun to save it. */
const KEEP_MS = 10_000;

/** Saves bytes as a file of this computer. */
export function saveBlob(blob: Blob | null, name: string): void {
  if (!blob) return;
  const url = URL.createObjectURL(blob);
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), KEEP_MS);
}
