import type { Context } from "@/server/platform/context";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { checkHead, checkLink, GENESIS_HASH } from "./rules";
import { selectChains, selectLinks } from "./store";
import type { AuditHead, AuditVerification, BrokenLink, ChainReport } from "./types";

/** Links read at a time: small enough for memory, large enough to be one of few round trips. */
const PAGE = 1_000;

/**
 * Computes every chain again from its first link and compares it with its head. Reads one snapshot, so that entries
 * written meanwhile do not look like damage. Needs a scope that sees all chains: provider or worker.
 */
export async function verifyAuditChains(context: Context): Promise<AuditVerification> {
  return inTransaction(
    context,
    async (tx) => {
      const chains: ChainReport[] = [];
      for (const { chain, head } of await selectChains(tx)) chains.push(await verifyChain(tx, chain, head));
      const firstBroken = chains.find((report) => report.broken !== null)?.broken ?? null;
      return { ok: firstBroken === null, chains, firstBroken };
    },
    { isolation: "repeatable read", readOnly: true },
  );
}

async function verifyChain(tx: Transaction, chain: string, head: AuditHead | undefined): Promise<ChainReport> {
  let last: AuditHead | null = null;
  let entries = 0;
  let broken: BrokenLink | null = null;
  for (;;) {
    const page = await selectLinks(tx, chain, last?.sequence ?? 0, PAGE);
    for (const entry of page) {
      broken ??= checkLink(last, entry);
      if (broken) break;
      last = { chain, sequence: entry.sequence, hash: entry.hash };
      entries += 1;
    }
    if (broken || page.length < PAGE) break;
  }
  broken ??= checkHead(last, head, chain);
  return { chain, entries, headHash: last?.hash ?? GENESIS_HASH, broken };
}
