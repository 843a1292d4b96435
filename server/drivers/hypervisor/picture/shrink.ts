import type { Picture } from "./png";

const CHANNELS = 3;

/** A picture at most so wide, each point the mean of those that it stands for; a smaller one stays as it is. */
export function shrink(picture: Picture, widthPixels: number): Picture {
  if (picture.widthPixels <= widthPixels) return picture;
  const scale = picture.widthPixels / widthPixels;
  const heightPixels = Math.max(1, Math.round(picture.heightPixels / scale));
  const rgb = Buffer.alloc(widthPixels * heightPixels * CHANNELS);
  for (let row = 0; row < heightPixels; row++) {
    const [top, bottom] = span(row, scale, picture.heightPixels);
    for (let column = 0; column < widthPixels; column++) {
      const [left, right] = span(column, scale, picture.widthPixels);
      const count = (bottom - top) * (right - left);
      for (let channel = 0; channel < CHANNELS; channel++) {
        let sum = 0;
        for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) sum += picture.rgb[(y * picture.widthPixels + x) * CHANNELS + channel] ?? 0;
        rgb[(row * widthPixels + column) * CHANNELS + channel] = Math.round(sum / count);
      }
    }
  }
  return { widthPixels, heightPixels, rgb };
}

/** The points of the large picture that one of the small one stands for: from, and up to. */
function span(at: number, scale: number, size: number): readonly [number, number] {
  const from = Math.min(size - 1, Math.floor(at * scale));
  return [from, Math.max(from + 1, Math.min(size, Math.floor((at + 1) * scale)))];
}
