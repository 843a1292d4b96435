import { constants, deflateSync, inflateSync } from "node:zlib";

/** A length of four bytes, then the text (the extended clipboard of the RFB community's specification). */
const LENGTH_BYTES = 4;
/** Type, padding, length, flags of an extended clipboard message. */
const HEAD_BYTES = 12;
/** As much as QEMU unpacks of one message (its `inflate_buffer`); more never arrives. */
const MOST_BYTES = 1_048_576;

/**
 * The specification ends a text with a zero byte and its lines with CR LF. QEMU hands both to the guest as they are: a terminal doubles each line and gets a
 * zero at the end. So the text goes on with plain lines and without its zero. Null for a message that cannot be unpacked or is too large.
 */
export function withGuestText(message: Buffer): Buffer | null {
  const plain = textOf(message);
  if (plain === null) return null;
  const text = Buffer.from(plain);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(text.length, 0);
  const packed = deflateSync(Buffer.concat([length, text]));
  const head = Buffer.from(message.subarray(0, HEAD_BYTES));
  // Negative: extended. It counts the flags, too.
  head.writeInt32BE(-(HEAD_BYTES - 8 + packed.length), 4);
  return Buffer.concat([head, packed]);
}

/** The text that an extended clipboard message provides, as the guest gets it; null when it cannot be unpacked or is too large. */
export function textOf(message: Buffer): string | null {
  let unpacked: Buffer;
  try {
    // A client may leave its stream open after the last byte.
    unpacked = inflateSync(message.subarray(HEAD_BYTES), { maxOutputLength: MOST_BYTES, finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    // Not packed as the specification says, or larger than QEMU takes.
    return null;
  }
  if (unpacked.length < LENGTH_BYTES) return null;
  const said = unpacked.readUInt32BE(0);
  if (said > unpacked.length - LENGTH_BYTES) return null;
  return unpacked.toString("utf8", LENGTH_BYTES, LENGTH_BYTES + said).replace(/\0+$/, "").replaceAll("\r\n", "\n");
}
