import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { findCluster } from "../cluster/store";
import type { CertificateRow } from "../types";
import { certificatesOf } from "./store";

const SHOWN = 20;

/** The newest proofs of a cluster, the standing one first. */
export function listCertificates(context: Context, clusterId: string): Promise<CertificateRow[]> {
  return inTransaction(context, async (tx) => {
    if (!(await findCluster(tx, clusterId))) throw notFound("cluster", clusterId);
    return certificatesOf(tx, clusterId, SHOWN);
  });
}
