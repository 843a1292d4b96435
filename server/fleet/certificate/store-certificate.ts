import type { SleepCertificate } from "@/server/planner/types";
import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import { textOf, wordsOf, type Said } from "@/server/platform/sentences";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import type { CertificateRow } from "../types";
import { endCertificate, insertCertificate, validCertificate, writeChecked } from "./store";

/** Stores a proof for the generation that it was made for; it takes the place of the one that stood before. Answers its id. */
export async function storeCertificate(tx: Transaction, context: Context, clusterId: string, generation: number, certificate: SleepCertificate, why: Said): Promise<string> {
  const now = context.clock.now();
  await endCertificate(tx, clusterId, { state: "replaced", endedAt: now, endReason: textOf(why), endWords: wordsOf(why) });
  const id = mintId("certificate", context);
  await insertCertificate(tx, { id, clusterId, asleepHostIds: [...certificate.asleepHostIds], proof: { ...certificate }, madeAt: now, madeForGeneration: generation, checkedAt: now, checkedForGeneration: generation, state: "valid" });
  await announce(tx, { organizationId: null, topic: "cluster", id: clusterId });
  return id;
}

/** The standing proof holds for a newer generation too. */
export function confirmCertificate(tx: Transaction, context: Context, certificateId: string, generation: number): Promise<void> {
  return writeChecked(tx, certificateId, { checkedAt: context.clock.now(), checkedForGeneration: generation });
}

/** Nothing stands any more: nobody sleeps, or no proof exists and hosts are being woken. */
export async function voidCertificate(tx: Transaction, context: Context, clusterId: string, reason: Said): Promise<void> {
  const ended = await endCertificate(tx, clusterId, { state: "void", endedAt: context.clock.now(), endReason: textOf(reason), endWords: wordsOf(reason) });
  if (ended) await announce(tx, { organizationId: null, topic: "cluster", id: clusterId });
}

/** The proof that stands now, if any host of the cluster sleeps. */
export function readCertificate(context: Context, clusterId: string): Promise<CertificateRow | null> {
  return inTransaction(context, (tx) => validCertificate(tx, clusterId), { readOnly: true });
}
