import { createHash, createPublicKey, sign, verify, type KeyObject } from "node:crypto";
import type { RatedPeriod } from "@/server/rating";
import { rateBasis } from "../draft/rules";
import type { Basis } from "../draft/types";
import { evidenceFile, type EvidenceFile } from "./schema";
import { EVIDENCE_FORMAT, EVIDENCE_VERSION, type EvidenceVerdict } from "./types";

/** One text for one value: keys sorted, nothing between, whole numbers beyond 2^53 as decimal texts. */
export function canonicalText(value: unknown): string {
  if (typeof value === "bigint") return JSON.stringify(value.toString());
  if (Array.isArray(value)) return `[${value.map((item) => canonicalText(item)).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalText(item)}`).join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}

/** What came out, as it stands in the file. */
function outcomeOf(rated: RatedPeriod) {
  return {
    lines: rated.lines, subtotalMicros: rated.subtotalMicros, roundingMicros: rated.roundingMicros, subtotalMinor: rated.subtotalMinor, taxes: rated.taxes, taxMinor: rated.taxMinor, totalMinor: rated.totalMinor, discountUses: rated.discountUses, unpriced: rated.unpriced,
  };
}

export interface EvidenceSubject {
  readonly invoiceId: string;
  readonly organizationId: string;
  readonly madeAt: Date;
}

/** The file: what an invoice was computed from, what came out, and a signature over both. Byte for byte the same for the same input. */
export function writeEvidence(subject: EvidenceSubject, basis: Pick<Basis, "input" | "latePeriods" | "timeZone">, rated: RatedPeriod, key: { readonly id: string; readonly privateKey: KeyObject; readonly publicKeyPem: string }): string {
  const content = {
    format: EVIDENCE_FORMAT, version: EVIDENCE_VERSION, invoiceId: subject.invoiceId, organizationId: subject.organizationId, madeAt: subject.madeAt.toISOString(), timeZone: basis.timeZone,
    input: basis.input, latePeriods: basis.latePeriods, outcome: outcomeOf(rated), key: { id: key.id, algorithm: "Ed25519", publicKey: key.publicKeyPem },
  };
  const signature = sign(null, Buffer.from(canonicalText(content)), key.privateKey).toString("base64");
  return canonicalText({ ...content, signature });
}

/** SHA-256 of the public key, for comparing with the one that the provider publishes. */
export function keyFingerprint(publicKeyPem: string): string {
  return createHash("sha256").update(createPublicKey(publicKeyPem).export({ type: "spki", format: "der" })).digest("hex");
}

/**
 * Checks a file without anything but itself: its shape, its signature (by `trustedKeyPem` when given, else by the key inside), and that rating
 * its input again gives exactly its outcome.
 */
export function verifyEvidence(text: string, trustedKeyPem?: string): EvidenceVerdict {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return refuse("is no JSON: it was cut off or changed");
  }
  if (typeof raw !== "object" || raw === null || !("format" in raw) || raw.format !== EVIDENCE_FORMAT) return refuse("is no evidence file of Berth");
  const version = "version" in raw ? raw.version : undefined;
  if (version !== EVIDENCE_VERSION) return refuse(`has the version ${String(version)}, and this program knows version ${EVIDENCE_VERSION}. Use the release of Berth that made it`);
  const parsed = evidenceFile.safeParse(raw);
  if (!parsed.success) return refuse(`is not complete: ${parsed.error.issues[0]?.path.join(".") ?? "its shape"} is missing or of another kind`);
  const file = parsed.data;
  const { signature, ...content } = raw as Record<string, unknown>;
  if (canonicalText({ ...content, signature }) !== text) return refuse("was changed: its text is not in the form in which it was written");
  if (!signed(canonicalText(content), file, trustedKeyPem)) return refuse(trustedKeyPem === undefined ? "was changed: its signature does not fit its content" : "was changed, or signed by another key than the one given");
  let again: RatedPeriod;
  try {
    again = rateBasis(file);
  } catch (error) {
    return refuse(`cannot be rated: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (canonicalText(outcomeOf(again)) !== canonicalText(content["outcome"])) return refuse("does not add up: rating its windows and prices again gives another bill");
  return {
    ok: true, invoiceId: file.invoiceId, organizationId: file.organizationId, periodStart: new Date(file.input.period.startMs), periodEnd: new Date(file.input.period.endMs), currency: file.input.currency, totalMinor: again.totalMinor,
    lines: again.lines.length, windows: file.input.windows.length, keyFingerprint: keyFingerprint(file.key.publicKey),
  };
}

function refuse(why: string): EvidenceVerdict {
  return { ok: false, reason: `The file ${why}.` };
}

function signed(text: string, file: EvidenceFile, trustedKeyPem: string | undefined): boolean {
  try {
    const key = createPublicKey(trustedKeyPem ?? file.key.publicKey);
    const signature = Buffer.from(file.signature, "base64");
    // The last characters of a base64 text have bits that mean nothing; only the one spelling counts.
    return key.asymmetricKeyType === "ed25519" && signature.toString("base64") === file.signature && verify(null, Buffer.from(text), key, signature);
  } catch {
    // A key that cannot be read has signed nothing.
    return false;
  }
}
