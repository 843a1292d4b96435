import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import type { Transaction } from "@/server/platform/transaction";
import type { SeedFiles } from "../types";
import { seedFilesOf } from "./rules";
import { selectSeedFacts } from "./store";

/** The first-boot files of an instance: host name, keys, static address, the tenant's user data. */
export async function seedFiles(tx: Transaction, _context: Context, instanceId: string): Promise<SeedFiles> {
  const facts = await selectSeedFacts(tx, instanceId);
  if (!facts) throw notFound("instance", instanceId);
  return seedFilesOf(facts);
}
