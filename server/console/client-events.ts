/** What a person did in a screen that is worth a record. Never a text, never an ordinary key. */
export type ClientEvent =
  | { readonly kind: "clipboard-in"; readonly characters: number }
  | { readonly kind: "clipboard-out" }
  | { readonly kind: "resize"; readonly width: number; readonly height: number }
  | { readonly kind: "special-keys"; readonly keys: string }
  /** Shut down, reboot or reset, asked of the machine itself. */
  | { readonly kind: "power" };

/** X keysyms of the keys that hold others, each side of the keyboard. */
const CONTROL = new Set([0xffe3, 0xffe4]);
const ALT = new Set([0xffe9, 0xffea, 0xffe7, 0xffe8]);
const PRINT = 0xff61;
const F1 = 0xffbe;
const F12 = 0xffc9;
const WITH_CONTROL_ALT: ReadonlyMap<number, string> = new Map([[0xffff, "Ctrl+Alt+Del"], [0xff08, "Ctrl+Alt+Backspace"]]);

/**
 * Tells the combinations that reach past the programs of a desktop (Ctrl+Alt with Del, Backspace or F1 to F12; Print) from what somebody types. All that it
 * remembers is whether Control and Alt are down.
 */
export class SpecialKeys {
  private control = false;
  private alt = false;

  press(keysym: number, down: boolean): ClientEvent | null {
    if (CONTROL.has(keysym)) this.control = down;
    else if (ALT.has(keysym)) this.alt = down;
    if (!down) return null;
    if (keysym === PRINT) return { kind: "special-keys", keys: "Print" };
    if (!this.control || !this.alt) return null;
    const keys = keysym >= F1 && keysym <= F12 ? `Ctrl+Alt+F${keysym - F1 + 1}` : WITH_CONTROL_ALT.get(keysym);
    return keys === undefined ? null : { kind: "special-keys", keys };
  }
}
