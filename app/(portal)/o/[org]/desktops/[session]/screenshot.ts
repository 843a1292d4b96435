import type RFB from "@novnc/novnc";
import { saveBlob } from "./save-blob";

/** Saves the desktop's screen as it is, in its own size, as a PNG file of this computer. */
export function saveScreenshot(screen: RFB, name: string): void {
  screen.toBlob((blob) => saveBlob(blob, `${name}-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.png`), "image/png");
}
