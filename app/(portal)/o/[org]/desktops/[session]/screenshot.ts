import type RFB from "@novnc/novnc";

/** The URL of a file may go once the browser has begun to save it. */
const KEEP_MS = 10_000;

/** Saves the desktop's screen as it is, in its own size, as a PNG file of this computer. */
export function saveScreenshot(screen: RFB, name: string): void {
  screen.toBlob((blob) => {
    const url = URL.createObjectURL(blob);
    const anchor = document.createElement("a");
    anchor.href = url;
    anchor.download = `${name}-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.png`;
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(url), KEEP_MS);
  }, "image/png");
}
