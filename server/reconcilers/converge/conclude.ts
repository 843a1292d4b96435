import type { ObservationInput } from "@/server/compute";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import type { Pass } from "../types";
import { standsThere, type FullView } from "./look";

/** The view changed while something was done; what was learned is void and the next look decides anew. */
export class Overtaken extends Error {
  override readonly name = "Overtaken";
}

export interface Placed extends FullView {
  readonly allocation: NonNullable<FullView["allocation"]>;
  readonly host: NonNullable<FullView["host"]>;
}

export function placed(view: FullView): Placed {
  if (!view.allocation || !view.host) throw new Overtaken(`${view.desired.id} has no place any more.`);
  return { ...view, allocation: view.allocation, host: view.host };
}

export function word(view: Placed, state: ObservationInput["state"], reason: string, observedAt: Date, more: Partial<ObservationInput> = {}): ObservationInput {
  return { instanceId: view.desired.id, hostId: view.host.id, state, reason, epoch: view.allocation.epoch, vcpus: null, memoryMiB: null, observedAt, ...more };
}

/**
 * Writes in one transaction what was done, if the place is still the one it was done at. The sizes are those of the
 * desired row that was looked at.
 */
export async function conclude(pass: Pass, view: FullView, write: (tx: Transaction) => Promise<void>): Promise<void> {
  await inTransaction(pass.context, async (tx) => {
    if (!(await standsThere(tx, pass.context, view))) throw new Overtaken(`${view.desired.id} was placed elsewhere meanwhile.`);
    await write(tx);
  });
}

export function applied(view: FullView) {
  const { id, generation, vcpus, memoryMiB, diskGiB } = view.desired;
  return { instanceId: id, generation, vcpus, memoryMiB, diskGiB };
}
