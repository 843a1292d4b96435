import { createCipheriv } from "node:crypto";
import type { Duplex } from "node:stream";
import type { ByteReader } from "./byte-reader";
import { RfbProtocolError } from "./rfb-filter";

const SECURITY_NONE = 1;
const SECURITY_VNC = 2;

/**
 * Signs in at the machine's VNC server (RFC 6143, 7.1.1 to 7.1.3) in place of the client, so that the server's
 * password never leaves the gateway. Ends just before ClientInit.
 */
export async function signInUpstream(reader: ByteReader, socket: Duplex, password: string | null): Promise<void> {
  const version = (await reader.read(12)).toString("latin1");
  const minor = Number(/^RFB 003\.(\d{3})\n$/.exec(version)?.[1] ?? Number.NaN);
  if (Number.isNaN(minor)) throw new Error("the machine's screen does not speak RFB");
  const spoken = minor >= 8 ? 8 : minor === 7 ? 7 : 3;
  socket.write(`RFB 003.00${spoken}\n`);
  const offered = spoken === 3 ? [(await reader.read(4)).readUInt32BE(0)] : [...(await reader.read((await reader.read(1))[0] ?? 0))];
  const choice = password !== null && offered.includes(SECURITY_VNC) ? SECURITY_VNC : offered.includes(SECURITY_NONE) ? SECURITY_NONE : null;
  if (choice === null) throw new Error(`the machine's screen offers no way to sign in that we know (${offered.join(", ")})`);
  if (spoken >= 7) socket.write(Buffer.from([choice]));
  if (choice === SECURITY_VNC) socket.write(answerChallenge(await reader.read(16), password ?? ""));
  if (spoken < 8 && choice === SECURITY_NONE) return;
  const result = (await reader.read(4)).readUInt32BE(0);
  if (result !== 0) throw new Error("the machine's screen refused the gateway's password");
}

/** Plays the server to the browser: RFB 3.8 without a password, which the ticket has replaced. */
export async function signInClient(reader: ByteReader, send: (data: Buffer) => void): Promise<void> {
  send(Buffer.from("RFB 003.008\n", "latin1"));
  const version = (await reader.read(12)).toString("latin1");
  if (version !== "RFB 003.008\n") throw new RfbProtocolError("the client must speak RFB 3.8");
  send(Buffer.from([1, SECURITY_NONE]));
  const [choice] = await reader.read(1);
  if (choice !== SECURITY_NONE) throw new RfbProtocolError("the client chose a way to sign in that was not offered");
  send(Buffer.alloc(4));
}

/**
 * VNC authentication: DES of the challenge with the password's first eight bytes, each with its bits in reverse order.
 * OpenSSL 3 has no single DES; triple DES with one key three times is the same function.
 */
export function answerChallenge(challenge: Buffer, password: string): Buffer {
  const key = Buffer.alloc(8);
  Buffer.from(password, "latin1").copy(key, 0, 0, 8);
  const mirrored = Buffer.from(key.map(mirrorBits));
  const cipher = createCipheriv("des-ede3", Buffer.concat([mirrored, mirrored, mirrored]), null).setAutoPadding(false);
  return Buffer.concat([cipher.update(challenge), cipher.final()]);
}

function mirrorBits(byte: number): number {
  let result = 0;
  for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) result |= 0x80 >> bit;
  return result;
}
