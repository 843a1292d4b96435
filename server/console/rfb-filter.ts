import { textOf, withGuestText } from "./clipboard-text";
import { SpecialKeys, type ClientEvent } from "./client-events";

/** A client message that cannot be understood or is too large. */
export class RfbProtocolError extends Error {
  override readonly name = "RfbProtocolError";
}

/** Messages by which a person acts on the machine; a view-only console drops them. */
const INPUT_TYPES = new Set([4, 5, 6, 250, 251, 255]);
/** A wider pointer message that could not be told from the plain one without reading the server's side too. */
const EXTENDED_MOUSE_BUTTONS = -316;

/** Said by a client that takes the clipboard by notice, request and delivery (the extended clipboard of the RFB community's specification). */
const EXTENDED_CLIPBOARD = -1_063_131_698;
const SET_ENCODINGS = 2;
const CUT_TEXT = 6;
const CUT_TEXT_HEAD_BYTES = 8;
const KEY = 4;
const XVP = 250;
const QEMU = 255;
const SET_DESKTOP_SIZE = 251;
/** Actions of an extended clipboard message, bits of its flags. */
const REQUEST = 1 << 25;
const NOTIFY = 1 << 27;
const PROVIDE = 1 << 28;
/** The format of plain text, a bit of the same flags. */
const TEXT = 1;

/** What a client may send; everything else of its kind is dropped without a word. */
export interface ClientRules {
  readonly viewOnly: boolean;
  /** Text into the guest. */
  readonly clipboardIn: boolean;
  /** Text out of the guest. It is held back on this side: QEMU delivers a text only to a client that asked for it. */
  readonly clipboardOut: boolean;
  readonly remoteResize: boolean;
}

export interface Filtered {
  /** What the machine gets. */
  readonly forward: Buffer;
  /** True when a person did something: typed, moved, pasted. */
  readonly acted: boolean;
  /** The last message of these that says there is a text for the guest; null for none. */
  readonly announced: Buffer | null;
}

/**
 * Cuts the client's byte stream (after ClientInit) into RFB messages, so that input can be told from picture
 * requests and dropped where only looking is allowed.
 */
export class RfbClientFilter {
  private pending: Buffer = Buffer.alloc(0);

  constructor(
    private readonly rules: ClientRules,
    private readonly maxMessageBytes: number,
    /** Hears what a person did that is worth a record; left out, nothing is looked at. */
    private readonly onEvent: ((event: ClientEvent) => void) | null = null,
  ) {}

  private readonly keys = new SpecialKeys();

  push(chunk: Buffer): Filtered {
    this.pending = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    const kept: Buffer[] = [];
    let acted = false;
    let announced: Buffer | null = null;
    let at = 0;
    while (at < this.pending.length) {
      const rest = this.pending.subarray(at);
      const length = messageLength(rest);
      if (length === null || length > rest.length) {
        if ((length ?? rest.length) > this.maxMessageBytes) throw new RfbProtocolError(`a message of ${length ?? rest.length} bytes is larger than ${this.maxMessageBytes}`);
        break;
      }
      const message = rest.subarray(0, length);
      const type = message[0] ?? 0;
      const isInput = INPUT_TYPES.has(type);
      acted ||= isInput;
      if (isAllowed(type, message, this.rules)) {
        kept.push(forMachine(type, message, this.rules));
        const event = this.onEvent ? this.eventOf(type, message) : null;
        if (event) this.onEvent?.(event);
        if (isAnnouncement(type, message)) announced = message;
      }
      at += length;
    }
    this.pending = Buffer.from(this.pending.subarray(at));
    return { forward: kept.length === 1 && kept[0] ? kept[0] : Buffer.concat(kept), acted, announced };
  }

  private eventOf(type: number, message: Buffer): ClientEvent | null {
    if (type === KEY) return this.keys.press(message.readUInt32BE(4), message[1] === 1);
    if (type === QEMU && message[1] === 0) return this.keys.press(message.readUInt32BE(4), message.readUInt16BE(2) !== 0);
    if (type === SET_DESKTOP_SIZE) return { kind: "resize", width: message.readUInt16BE(2), height: message.readUInt16BE(4) };
    if (type === XVP) return { kind: "power" };
    return type === CUT_TEXT ? clipboardEvent(message) : null;
  }
}

/** What a clipboard message carries and which way. A text that goes out is only asked for here: how long it is nobody on this side knows. */
function clipboardEvent(message: Buffer): ClientEvent | null {
  const flags = flagsOf(message);
  if (flags === null) return { kind: "clipboard-in", characters: message.length - CUT_TEXT_HEAD_BYTES };
  if ((flags & PROVIDE) !== 0) return { kind: "clipboard-in", characters: textOf(message)?.length ?? 0 };
  return (flags & REQUEST) !== 0 ? { kind: "clipboard-out" } : null;
}

/** The message as the machine should get it. */
function forMachine(type: number, message: Buffer, rules: ClientRules): Buffer {
  if (type === SET_ENCODINGS) return withAllowedEncodings(message, rules);
  return type === CUT_TEXT && flagsOf(message) === (PROVIDE | TEXT) ? (withGuestText(message) ?? message) : message;
}

/** What an extended clipboard message does and with what; null for a plain one. */
function flagsOf(message: Buffer): number | null {
  return message.length >= 12 && message.readInt32BE(4) < 0 ? message.readUInt32BE(8) : null;
}

/** A plain message brings its text with it; an extended one says that there is one, and is asked for it. */
function isAnnouncement(type: number, message: Buffer): boolean {
  if (type !== CUT_TEXT) return false;
  const flags = flagsOf(message);
  return flags === null || flags === (NOTIFY | TEXT) >>> 0;
}

function isAllowed(type: number, message: Buffer, rules: ClientRules): boolean {
  if (rules.viewOnly && INPUT_TYPES.has(type)) return false;
  if (type === SET_DESKTOP_SIZE) return rules.remoteResize;
  return type === CUT_TEXT ? mayCarry(message, rules) : true;
}

/** A plain message carries text in. An extended one says by its flags what it does; what is neither in nor out (abilities, questions) carries nothing. */
function mayCarry(message: Buffer, { clipboardIn, clipboardOut }: ClientRules): boolean {
  if (clipboardIn && clipboardOut) return true;
  const flags = flagsOf(message);
  if (flags === null) return clipboardIn;
  if ((flags & (NOTIFY | PROVIDE)) !== 0 && !clipboardIn) return false;
  return (flags & REQUEST) === 0 || clipboardOut;
}

/** Whole length of the message that begins here, or null while its head is not complete. */
function messageLength(data: Buffer): number | null {
  const needs = (bytes: number): boolean => data.length >= bytes;
  const type = data[0];
  if (type === undefined) return null;
  switch (type) {
    case 0: // SetPixelFormat
      return 20;
    case 2: // SetEncodings
      return needs(4) ? 4 + 4 * data.readUInt16BE(2) : null;
    case 3: // FramebufferUpdateRequest
    case 150: // EnableContinuousUpdates
      return 10;
    case 4: // KeyEvent
      return 8;
    case 5: // PointerEvent
      return 6;
    case 6: // ClientCutText; a negative length is the extended clipboard
      return needs(8) ? 8 + Math.abs(data.readInt32BE(4)) : null;
    case 248: // ClientFence
      return needs(9) ? 9 + (data[8] ?? 0) : null;
    case 250: // xvp: shut down, reboot, reset
      return 4;
    case 251: // SetDesktopSize
      return needs(8) ? 8 + 16 * (data[6] ?? 0) : null;
    case 255: // QEMU: extended key (0), audio (1)
      if (!needs(4)) return null;
      if (data[1] === 0) return 12;
      if (data[1] === 1) return data.readUInt16BE(2) === 2 ? 10 : 4;
      throw new RfbProtocolError(`QEMU client message ${data[1] ?? -1} is not known`);
    default:
      throw new RfbProtocolError(`client message ${type} is not known`);
  }
}

function withAllowedEncodings(message: Buffer, { clipboardIn, clipboardOut }: ClientRules): Buffer {
  const encodings: number[] = [];
  for (let at = 4; at + 4 <= message.length; at += 4) {
    const encoding = message.readInt32BE(at);
    if (encoding === EXTENDED_MOUSE_BUTTONS) continue;
    if (encoding === EXTENDED_CLIPBOARD && !clipboardIn && !clipboardOut) continue;
    encodings.push(encoding);
  }
  const copy = Buffer.alloc(4 + 4 * encodings.length);
  copy[0] = 2;
  copy.writeUInt16BE(encodings.length, 2);
  encodings.forEach((encoding, index) => copy.writeInt32BE(encoding, 4 + 4 * index));
  return copy;
}
