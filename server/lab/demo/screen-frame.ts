import { coloursOf, ScreenClient } from "./screen-client";

export interface Frame {
  readonly width: number;
  readonly height: number;
  /** How many different pixel values the frame shows; one means an empty screen. */
  readonly colours: number;
  readonly bytes: number;
}

/**
 * Opens a console ticket's address and asks for one whole frame.
 * @throws Error when the gateway refuses, or no frame came within `timeoutMs`.
 */
export async function grabFrame(url: string, origin: string, timeoutMs: number): Promise<Frame> {
  const screen = await ScreenClient.open(url, origin, timeoutMs);
  try {
    const picture = await screen.look(timeoutMs);
    return { width: picture.width, height: picture.height, colours: coloursOf(picture), bytes: picture.points.length };
  } finally {
    screen.close();
  }
}
