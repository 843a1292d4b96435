import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { updateMarks, type VolumeMark } from "./store";

/** Writes what storage says of volumes, in bulk; safe to repeat. Answers how many changed. */
export async function markVolumes(tx: Transaction, context: Context, marks: readonly VolumeMark[]): Promise<number> {
  return marks.length === 0 ? 0 : updateMarks(tx, marks, context.clock.now());
}
