import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { mintId } from "@/server/platform/id";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import type { RatedPeriod } from "@/server/rating";
import type { Basis } from "../draft";
import { keyFingerprint, writeEvidence } from "./rules";
import { insertEvidence, insertSigningKey, lockSigningKeys, selectEvidence, selectPublicKeys, selectSigningKey } from "./store";

/** The key in use; the first one is made when it is needed. Its private half never leaves the provider's tables. */
async function ensureKey(tx: Transaction, context: Context) {
  const known = await selectSigningKey(tx);
  if (known) return known;
  await lockSigningKeys(tx);
  const raced = await selectSigningKey(tx);
  if (raced) return raced;
  const pair = generateKeyPairSync("ed25519", { publicKeyEncoding: { type: "spki", format: "pem" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } });
  const row = { id: mintId("signingKey", context), ...pair, createdAt: context.clock.now(), retiredAt: null };
  await insertSigningKey(tx, row);
  return row;
}

/** Signs and keeps what an invoice was computed from, in the transaction that makes the invoice. */
export async function keepEvidence(tx: Transaction, context: Context, invoice: { readonly id: string; readonly organizationId: string }, basis: Basis, rated: RatedPeriod): Promise<void> {
  const key = await ensureKey(tx, context);
  const now = context.clock.now();
  const document = writeEvidence({ invoiceId: invoice.id, organizationId: invoice.organizationId, madeAt: now }, basis, rated, { id: key.id, privateKey: createPrivateKey(key.privateKey), publicKeyPem: key.publicKey });
  await insertEvidence(tx, { invoiceId: invoice.id, organizationId: invoice.organizationId, document, createdAt: now });
}

/** The signed file of one invoice, byte for byte. @throws Problem `not-found` for somebody else's, and for one that was not metered. */
export async function readEvidence(context: Context, input: { readonly organizationId: string; readonly invoiceId: string }): Promise<string> {
  const document = await inTransaction(context, (tx) => selectEvidence(tx, input.organizationId, input.invoiceId), { readOnly: true });
  if (document === null) throw notFound("evidence for the invoice", input.invoiceId);
  return document;
}

/** Public halves of all keys that ever signed, newest first: what a downloaded file is compared with. */
export async function listEvidenceKeys(context: Context): Promise<readonly { readonly id: string; readonly publicKey: string; readonly fingerprint: string; readonly retiredAt: Date | null }[]> {
  // Public by nature, in a table that tenants do not see because of its other column.
  const rows = await inTransaction({ ...context, scope: context.scope === "worker" ? "worker" : "provider", organizationId: null }, (tx) => selectPublicKeys(tx), { readOnly: true });
  return rows.map((row) => ({ id: row.id, publicKey: row.publicKey, fingerprint: keyFingerprint(row.publicKey), retiredAt: row.retiredAt }));
}
