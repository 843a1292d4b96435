import type { Picture } from "../../picture";
import { BACKGROUND, FOREGROUND } from "./rfb";
import { CELL_HEIGHT, ROWS, SCREEN_HEIGHT, SCREEN_WIDTH, type TextScreen } from "./text-screen";

const CHANNELS = 3;

/** The text screen point by point, in the colours that a viewer gets. */
export function drawScreen(screen: TextScreen): Picture {
  const rgb = Buffer.alloc(SCREEN_WIDTH * SCREEN_HEIGHT * CHANNELS, Buffer.from(BACKGROUND));
  const lit = Buffer.from(FOREGROUND);
  for (let row = 0; row < ROWS; row++) {
    for (const run of screen.runsOf(row)) {
      for (let y = run.y; y < run.y + run.height; y++) {
        const at = ((row * CELL_HEIGHT + y) * SCREEN_WIDTH + run.x) * CHANNELS;
        rgb.fill(lit, at, at + run.width * CHANNELS);
      }
    }
  }
  return { widthPixels: SCREEN_WIDTH, heightPixels: SCREEN_HEIGHT, rgb };
}
