import { GLYPH_COLUMNS, GLYPH_ROWS, glyphDot } from "./font";

export const COLUMNS = 80;
export const ROWS = 25;
/** Letters are drawn two dots wide and high, with room around them. */
const CELL_WIDTH = 12;
export const CELL_HEIGHT = 18;
export const SCREEN_WIDTH = COLUMNS * CELL_WIDTH;
export const SCREEN_HEIGHT = ROWS * CELL_HEIGHT;

export interface Run {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A screen of letters that remembers which of its lines changed. */
export class TextScreen {
  private lines: string[] = [""];
  private readonly changed: number[] = Array.from({ length: ROWS }, () => 0);
  private version = 1;

  /** Understands letters, carriage return, line feed and backspace, as a console prints them. */
  print(text: string): void {
    for (const letter of text) {
      const last = this.lines.length - 1;
      const line = this.lines[last] ?? "";
      if (letter === "\n") this.feed();
      else if (letter === "\b") this.set(last, line.slice(0, -1));
      else if (letter >= " ") {
        if (line.length >= COLUMNS) {
          this.feed();
          this.set(this.lines.length - 1, letter);
        } else this.set(last, line + letter);
      }
    }
  }

  private set(index: number, text: string): void {
    this.lines[index] = text;
    this.changed[index] = ++this.version;
  }

  private feed(): void {
    const former = this.lines.length - 1;
    this.changed[former] = ++this.version;
    this.lines.push("");
    if (this.lines.length > ROWS) {
      this.lines = this.lines.slice(-ROWS);
      this.changed.fill(++this.version);
    } else this.changed[this.lines.length - 1] = ++this.version;
  }

  get latest(): number {
    return this.version;
  }

  /** Lines that changed after `version`. */
  changedSince(version: number): number[] {
    return this.changed.flatMap((at, index) => (at > version ? [index] : []));
  }

  /** The lit dots of one line as horizontal runs, relative to the line's own corner; the cursor is a block. */
  runsOf(row: number): Run[] {
    const text = this.lines[row] ?? "";
    const runs: Run[] = [];
    for (let at = 0; at < text.length; at++) {
      const letter = text[at];
      if (letter === undefined || letter === " ") continue;
      for (let dotRow = 0; dotRow < GLYPH_ROWS; dotRow++) pushRuns(runs, letter, at * CELL_WIDTH, dotRow);
    }
    if (row === this.lines.length - 1) runs.push({ x: Math.min(text.length, COLUMNS - 1) * CELL_WIDTH, y: 2, width: 10, height: 14 });
    return runs;
  }
}

function pushRuns(runs: Run[], letter: string, left: number, dotRow: number): void {
  let start = -1;
  for (let column = 0; column <= GLYPH_COLUMNS; column++) {
    const lit = column < GLYPH_COLUMNS && glyphDot(letter, column, dotRow);
    if (lit && start < 0) start = column;
    if (!lit && start >= 0) {
      runs.push({ x: left + 2 * start, y: 2 + 2 * dotRow, width: 2 * (column - start), height: 2 });
      start = -1;
    }
  }
}
