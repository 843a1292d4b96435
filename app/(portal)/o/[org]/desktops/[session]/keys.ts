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

/** The layouts that a desktop's guest can have; `jp` is JIS. */
export type Layout = "us" | "jp";

const SHIFT: RemoteKey = { symbol: 0xffe1, code: "ShiftLeft" };

/** Places that are the same on both keyboards: what they give alone, and with the shift key. */
const COMMON_PLACES: Readonly<Record<string, string>> = { Space: " ", Comma: ",<", Period: ".>", Slash: "/?", Digit1: "1!", Digit3: "3#", Digit4: "4$", Digit5: "5%" };
/** What lies elsewhere: ANSI and JIS X 6002. */
const OTHER_PLACES: Readonly<Record<Layout, Readonly<Record<string, string>>>> = {
  us: { Digit2: "2@", Digit6: "6^", Digit7: "7&", Digit8: "8*", Digit9: "9(", Digit0: "0)", Minus: "-_", Equal: "=+", BracketLeft: "[{", BracketRight: "]}", Backslash: "\\|", Semicolon: ";:", Quote: "'\"", Backquote: "`~" },
  jp: { Digit2: "2\"", Digit6: "6&", Digit7: "7'", Digit8: "8(", Digit9: "9)", Digit0: "0", Minus: "-=", Equal: "^~", BracketLeft: "@`", BracketRight: "[{", Backslash: "]}", Semicolon: ";+", Quote: ":*", IntlYen: "\\|", IntlRo: "\\_" },
};

function placesOf(layout: Layout): ReadonlyMap<string, { readonly code: string; readonly shift: boolean }> {
  const places = new Map<string, { readonly code: string; readonly shift: boolean }>();
  for (let at = 0; at < 26; at++) {
    const code = `Key${String.fromCharCode(65 + at)}`;
    places.set(String.fromCharCode(97 + at), { code, shift: false });
    places.set(String.fromCharCode(65 + at), { code, shift: true });
  }
  for (const [code, letters] of Object.entries({ ...COMMON_PLACES, ...OTHER_PLACES[layout] })) Array.from(letters).forEach((letter, at) => places.set(letter, { code, shift: at === 1 }));
  return places;
}
const PLACES: Readonly<Record<Layout, ReturnType<typeof placesOf>>> = { us: placesOf("us"), jp: placesOf("jp") };

/**
 * The keys for one letter, in the order in which they go down. Letters that lie on the guest's keyboard go as their place, since that is what a guest is sent: a symbol alone would be
 * taken for its place on a US keyboard. For others only the symbol is left: Latin-1 has the letter's own number, everything else stands in the range for Unicode (X11 protocol, appendix A).
 */
export function keysOfLetter(letter: string, layout: Layout): readonly RemoteKey[] {
  if (letter === "\n") return [EDITING["Enter"] ?? { symbol: 0xff0d, code: "Enter" }];
  const point = letter.codePointAt(0) ?? 0;
  const place = PLACES[layout].get(letter);
  const key = { symbol: point >= 0x20 && point <= 0xff ? point : UNICODE + point, code: place?.code ?? null };
  return place?.shift ? [SHIFT, key] : [key];
}

/** The key behind a keyboard event that brings no letter; null for the others. */
export function keyOfName(name: string): RemoteKey | null {
  return EDITING[name] ?? null;
}
