import { createHash } from "node:crypto";
import { Problem } from "@/server/platform/errors";
import type { ParsedSshKey } from "./types";

/**
 * Key types that OpenSSH 9 accepts for signing in, with the lengths in bytes of the fields after the type's name
 * (RFC 4253 section 6.6, RFC 5656, RFC 8709, OpenSSH PROTOCOL.u2f); null where the length varies. DSA is gone from OpenSSH.
 */
const TYPES: Readonly<Record<string, readonly (number | null)[]>> = {
  "ssh-ed25519": [32],
  "ssh-rsa": [null, null],
  "ecdsa-sha2-nistp256": [8, 65],
  "ecdsa-sha2-nistp384": [8, 97],
  "ecdsa-sha2-nistp521": [8, 133],
  "sk-ssh-ed25519@openssh.com": [32, null],
  "sk-ecdsa-sha2-nistp256@openssh.com": [8, 65, null],
};

/** RSA below 2048 bits is refused by current OpenSSH servers; the modulus is the second field, with a leading zero byte. */
const MIN_RSA_MODULUS_BYTES = 256;

/** Longer than any key: an RSA key of 16,384 bits has 2,800 characters. */
const MAX_TEXT_LENGTH = 8192;

function refuse(why: string): never {
  throw new Problem("bad-input", `This is not a public SSH key that can be used: ${why}`, { field: "publicKey" });
}

/** Checks an OpenSSH public key down to its bytes. Throws `bad-input` with what is wrong and what to paste instead. */
export function parseSshKey(input: string): ParsedSshKey {
  const text = input.trim();
  if (/PRIVATE KEY/.test(text) || text.startsWith("PuTTY-User-Key-File")) {
    return refuse("it is a PRIVATE key. Never give it to anybody; treat it as lost and make a new one. Paste the content of the file that ends in .pub.");
  }
  if (text === "") return refuse("nothing was pasted. Paste the content of the file that ends in .pub, for example ~/.ssh/id_ed25519.pub.");
  if (text.length > MAX_TEXT_LENGTH) return refuse("it is longer than any key.");
  if (text.startsWith("---- BEGIN SSH2")) return refuse("it is in the RFC 4716 form. Convert it with: ssh-keygen -i -f FILE");
  if (/[\r\n]/.test(text)) return refuse("it has several lines. Paste one key, on one line.");
  const [type = "", encoded = "", ...rest] = text.split(/[ \t]+/);
  const fields = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (!fields) {
    if (type === "ssh-dss") return refuse("DSA keys are not accepted by SSH servers any more. Make one with: ssh-keygen -t ed25519");
    return refuse(`it must begin with a key type such as ssh-ed25519, and begins with "${type.slice(0, 40)}".`);
  }
  const blob = decodeStrictly(encoded);
  checkBlob(blob, type, fields);
  const comment = rest.join(" ");
  if (Array.from({ length: comment.length }, (_, index) => comment.charCodeAt(index)).some((code) => code < 32)) return refuse("its comment holds a control character.");
  return { type, comment, text: [type, encoded, ...(comment === "" ? [] : [comment])].join(" "), fingerprint: `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}` };
}

function decodeStrictly(encoded: string): Buffer {
  const blob = Buffer.from(encoded, "base64");
  // Buffer.from skips what is not base64; only what encodes back to the same text is intact.
  if (encoded === "" || blob.toString("base64") !== encoded) return refuse("the part after the type is not intact base64. Copy the whole line again.");
  return blob;
}

/** Every field of the blob: a 32-bit length, then so many bytes; the first one names the type again. */
function checkBlob(blob: Buffer, type: string, expected: readonly (number | null)[]): void {
  const fields: Buffer[] = [];
  let offset = 0;
  while (offset < blob.length) {
    if (offset + 4 > blob.length) return refuse("it is cut off. Copy the whole line again.");
    const end = offset + 4 + blob.readUInt32BE(offset);
    if (end > blob.length) return refuse("it is cut off. Copy the whole line again.");
    fields.push(blob.subarray(offset + 4, end));
    offset = end;
  }
  const [name, ...parts] = fields;
  if (name?.toString("latin1") !== type) return refuse(`it says ${type} in front, and its content is of another type.`);
  if (parts.length !== expected.length || expected.some((length, index) => length !== null && parts[index]?.length !== length)) return refuse("its content has not the parts of such a key. Copy the whole line again.");
  if (type === "ssh-rsa" && (parts[1]?.length ?? 0) < MIN_RSA_MODULUS_BYTES) return refuse("RSA keys need at least 2048 bits. Make a new one with: ssh-keygen -t ed25519");
}
