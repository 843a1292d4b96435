/** A key as RFB sends it: an X11 key symbol, and the place on the keyboard that QEMU makes a scan code of. */
export interface RemoteKey {
  readonly symbol: number;
  readonly code: string | null;
}

const CONTROL: RemoteKey = { symbol: 0xffe3, code: "ControlLeft" };
const ALT: RemoteKey = { symbol: 0xffe9, code: "AltLeft" };
const TAB: RemoteKey = { symbol: 0xff09, code: "Tab" };

/** Named by what they are called on a keyboard; the same in every language. */
export const COMBINATIONS = {
  "Ctrl+Alt+Del": [CONTROL, ALT, { symbol: 0xffff, code: "Delete" }],
  "Alt+Tab": [ALT, TAB],
  "Alt+F4": [ALT, { symbol: 0xffc1, code: "F4" }],
  "Ctrl+W": [CONTROL, { symbol: 0x77, code: "KeyW" }],
  "Ctrl+T": [CONTROL, { symbol: 0x74, code: "KeyT" }],
  "Esc": [{ symbol: 0xff1b, code: "Escape" }],
} as const satisfies Readonly<Record<string, readonly RemoteKey[]>>;

/** Keys with a word of their own in each language. */
export const NAMED = {
  windows: [{ symbol: 0xffeb, code: "MetaLeft" }],
  printScreen: [{ symbol: 0xff61, code: "PrintScreen" }],
} as const satisfies Readonly<Record<string, readonly RemoteKey[]>>;

/** What a Japanese keyboard has and others have not; half/full width lies where others have the grave accent. */
export const JAPANESE = {
  hankaku: [{ symbol: 0xff2a, code: "Backquote" }],
  henkan: [{ symbol: 0xff23, code: "Convert" }],
  muhenkan: [{ symbol: 0xff22, code: "NonConvert" }],
  kana: [{ symbol: 0xff27, code: "KanaMode" }],
} as const satisfies Readonly<Record<string, readonly RemoteKey[]>>;

const UNICODE = 0x01_00_00_00;
const EDITING: Readonly<Record<string, RemoteKey>> = {
  Backspace: { symbol: 0xff08, code: "Backspace" },
  Enter: { symbol: 0xff0d, code: "Enter" },
  Tab: TAB,
  Escape: { symbol: 0xff1b, code: "Escape" },
  ArrowLeft: { symbol: 0xff51, code: "ArrowLeft" },
  ArrowUp: { symbol: 0xff52, code: "ArrowUp" },
  ArrowRight: { symbol: 0xff53, code: "ArrowRight" },
  ArrowDown: { symbol: 0xff54, code: "ArrowDown" },
};

/** The key for one letter: Latin-1 has the letter's own number, everything else stands in the range for Unicode (X11 protocol, appendix A). */
export function keyOfLetter(letter: string): RemoteKey {
  if (letter === "\n") return EDITING["Enter"] ?? { symbol: 0xff0d, code: "Enter" };
  const point = letter.codePointAt(0) ?? 0;
  return { symbol: point >= 0x20 && point <= 0xff ? point : UNICODE + point, code: null };
}

/** The key behind a keyboard event that brings no letter; null for the others. */
export function keyOfName(name: string): RemoteKey | null {
  return EDITING[name] ?? null;
}
