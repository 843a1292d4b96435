import { createHash } from "node:crypto";
import { Problem } from "@/server/platform/errors";
import { sentence, sentences, type Sentence } from "@/server/platform/sentences";
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

function refuse(why: Sentence): never {
  throw new Problem("bad-input", sentences(sentence("refused-ssh-key"), why), { field: "publicKey" });
}

/** Checks an OpenSSH public key down to its bytes. Throws `bad-input` with what is wrong and what to paste instead. */
export function parseSshKey(input: string): ParsedSshKey {
  const text = input.trim();
  if (/PRIVATE KEY/.test(text) || text.startsWith("PuTTY-User-Key-File")) {
    return refuse(sentence("ssh-key-private"));
  }
  if (text === "") return refuse(sentence("ssh-key-empty"));
  if (text.length > MAX_TEXT_LENGTH) return refuse(sentence("ssh-key-long"));
  if (text.startsWith("---- BEGIN SSH2")) return refuse(sentence("ssh-key-rfc4716"));
  if (/[\r\n]/.test(text)) return refuse(sentence("ssh-key-lines"));
  const [type = "", encoded = "", ...rest] = text.split(/[ \t]+/);
  const fields = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (!fields) {
    if (type === "ssh-dss") return refuse(sentence("ssh-key-dsa"));
    return refuse(sentence("ssh-key-type", { type: type.slice(0, 40) }));
  }
  const blob = decodeStrictly(encoded);
  checkBlob(blob, type, fields);
  const comment = rest.join(" ");
  if (Array.from({ length: comment.length }, (_, index) => comment.charCodeAt(index)).some((code) => code < 32)) return refuse(sentence("ssh-key-comment"));
  return { type, comment, text: [type, encoded, ...(comment === "" ? [] : [comment])].join(" "), fingerprint: `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}` };
}

function decodeStrictly(encoded: string): Buffer {
  const blob = Buffer.from(encoded, "base64");
  // Buffer.from skips what is not base64; only what encodes back to the same text is intact.
  if (encoded === "" || blob.toString("base64") !== encoded) return refuse(sentence("ssh-key-base64"));
  return blob;
}

/** Every field of the blob: a 32-bit length, then so many bytes; the first one names the type again. */
function checkBlob(blob: Buffer, type: string, expected: readonly (number | null)[]): void {
  const fields: Buffer[] = [];
  let offset = 0;
  while (offset < blob.length) {
    if (offset + 4 > blob.length) return refuse(sentence("ssh-key-cut"));
    const end = offset + 4 + blob.readUInt32BE(offset);
    if (end > blob.length) return refuse(sentence("ssh-key-cut"));
    fields.push(blob.subarray(offset + 4, end));
    offset = end;
  }
  const [name, ...parts] = fields;
  if (name?.toString("latin1") !== type) return refuse(sentence("ssh-key-other-type", { type }));
  if (parts.length !== expected.length || expected.some((length, index) => length !== null && parts[index]?.length !== length)) return refuse(sentence("ssh-key-parts"));
  if (type === "ssh-rsa" && (parts[1]?.length ?? 0) < MIN_RSA_MODULUS_BYTES) return refuse(sentence("ssh-key-rsa-short"));
}
