import { createHash } from "node:crypto";
import type { AuditContent, AuditEntry, AuditHead, BrokenLink } from "./types";

/** The previous hash of a chain's first link. */
export const GENESIS_HASH = "0".repeat(64);

/** Field names whose values never reach the trail, compared without case, `-` and `_`. */
const SECRET_FIELDS = new Set(["password", "newpassword", "currentpassword", "passwordhash", "token", "tokenhash", "secret", "secrethash", "ticket", "tickethash", "cookie", "authorization", "userdata", "privatekey", "powerconfig", "credentials"]);
const REDACTED = "[redacted]";
/** Deeper than this is no description of a change. */
const MAX_DEPTH = 8;
/** Long texts tell a reader nothing more, and one entry must not fill the table. */
const MAX_TEXT = 4_000;

/** What jsonb can hold and a hash can be computed of again: plain values, secrets cut out, no NUL, no lone surrogates. */
export function toPlain(value: unknown, depth = 0): unknown {
  if (value === null || value === undefined) return null;
  if (depth > MAX_DEPTH) return "[too deep]";
  if (typeof value === "string") return plainText(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "boolean") return value;
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString();
  if (Array.isArray(value)) return value.map((item) => toPlain(item, depth + 1));
  if (typeof value === "object") {
    const plain: Record<string, unknown> = {};
    for (const [name, item] of Object.entries(value)) {
      if (item === undefined) continue;
      plain[plainText(name)] = isSecretField(name) && item !== null ? REDACTED : toPlain(item, depth + 1);
    }
    return plain;
  }
  return String(typeof value);
}

function plainText(text: string): string {
  const clean = text.replaceAll("\u0000", "").replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");
  return clean.length > MAX_TEXT ? `${clean.slice(0, MAX_TEXT)}… (${clean.length} characters)`.replace(/[\ud800-\udbff]…/, "…") : clean;
}

function isSecretField(name: string): boolean {
  return SECRET_FIELDS.has(name.toLowerCase().replaceAll(/[-_]/g, ""));
}

/** JSON with sorted names and no spaces: one value, one text, however Postgres stored it. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${canonicalJson(item)}`).join(",")}}`;
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** sha256 over everything that the entry says. */
export function hashContent(entry: AuditContent): string {
  return sha256(
    canonicalJson({
      chain: entry.chain,
      organizationId: entry.organizationId,
      at: entry.at.toISOString(),
      actorKind: entry.actorKind,
      actorId: entry.actorId,
      action: entry.action,
      targetKind: entry.targetKind,
      targetId: entry.targetId,
      before: entry.before ?? null,
      after: entry.after ?? null,
      requestId: entry.requestId,
    }),
  );
}

/**
 * sha256 over the place, the hash before it and the content's own. In two steps, so that the statement that locks the
 * head can compute it in Postgres too (store.ts, appendEntry) and the lock lasts one round trip less.
 */
export function hashLink(chain: string, sequence: number, previousHash: string, contentHash: string): string {
  return sha256(`${chain}\n${sequence}\n${previousHash}\n${contentHash}`);
}

/** Judges the next link of a chain; `previous` is the link before it, null at the start. */
export function checkLink(previous: AuditHead | null, entry: AuditEntry): BrokenLink | null {
  const expected = (previous?.sequence ?? 0) + 1;
  if (entry.sequence !== expected) {
    return { chain: entry.chain, sequence: expected, reason: "missing", message: `Link ${expected} of chain ${entry.chain} is missing; the next one found is ${entry.sequence} (${entry.action} at ${entry.at.toISOString()}).` };
  }
  if (hashLink(entry.chain, entry.sequence, entry.previousHash, hashContent(entry)) !== entry.hash) {
    return { chain: entry.chain, sequence: entry.sequence, reason: "changed", message: `Link ${entry.sequence} of chain ${entry.chain} (${entry.action} on ${entry.targetId} at ${entry.at.toISOString()}) was changed after it was written: its content no longer gives its hash.` };
  }
  if (entry.previousHash !== (previous?.hash ?? GENESIS_HASH)) {
    return { chain: entry.chain, sequence: entry.sequence, reason: "unlinked", message: `Link ${entry.sequence} of chain ${entry.chain} does not continue the link before it: an earlier part of the chain was replaced.` };
  }
  return null;
}

/** Judges a chain's end against its head: links cut off at the end show only here. */
export function checkHead(last: AuditHead | null, head: AuditHead | undefined, chain: string): BrokenLink | null {
  const sequence = last?.sequence ?? 0;
  if (!head) return sequence === 0 ? null : { chain, sequence, reason: "head-differs", message: `Chain ${chain} has ${sequence} links and no head: its head was removed.` };
  if (head.sequence > sequence) {
    return { chain, sequence: sequence + 1, reason: "missing", message: `Chain ${chain} ends at link ${sequence}, its head says ${head.sequence}: the newest links were removed.` };
  }
  if (head.sequence !== sequence || head.hash !== (last?.hash ?? GENESIS_HASH)) {
    return { chain, sequence, reason: "head-differs", message: `The head of chain ${chain} (link ${head.sequence}) does not belong to its last link ${sequence}.` };
  }
  return null;
}
