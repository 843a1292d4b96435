import { notFound, Problem } from "@/server/platform/errors";
import { sentence, type Sentence } from "@/server/platform/sentences";
import type { Transaction } from "@/server/platform/transaction";
import type { InstanceRow, ObservationRow } from "../types";
import { requireImageFits, type Sizes } from "./rules";
import { selectFlavor, selectImageFor } from "./store";
import type { ChangeEffect } from "./types";

export interface PlannedResize {
  readonly flavorId: string;
  readonly sizes: Sizes;
  readonly effect: ChangeEffect;
}

/** Checks a resize and works out its sizes and effect; null when nothing would change. */
export async function planResize(
  tx: Transaction,
  row: InstanceRow,
  observation: ObservationRow | null,
  asked: { readonly flavorId?: string | undefined; readonly diskGiB?: number | undefined },
): Promise<PlannedResize | null> {
  const current = await selectFlavor(tx, row.flavorId);
  const next = asked.flavorId === undefined || asked.flavorId === row.flavorId ? current : await selectFlavor(tx, asked.flavorId);
  if (!current || !next) throw notFound("flavor", asked.flavorId ?? row.flavorId);
  if (next.id !== current.id && !next.onSale) throw new Problem("conflict", sentence("refused-flavor-off-sale", { flavor: next.name }), { field: "flavorId", flavorId: next.id });
  if (asked.diskGiB !== undefined && asked.diskGiB < row.diskGiB) {
    throw new Problem("bad-input", sentence("refused-disk-shrinks", { diskGiB: row.diskGiB, askedGiB: asked.diskGiB }), { field: "diskGiB", diskGiB: row.diskGiB, asked: asked.diskGiB });
  }
  const changesFlavor = next.id !== current.id;
  const sizes: Sizes = {
    vcpus: changesFlavor ? next.vcpus : row.vcpus,
    memoryMiB: changesFlavor ? next.memoryMiB : row.memoryMiB,
    diskGiB: Math.max(row.diskGiB, asked.diskGiB ?? 0, changesFlavor ? next.diskGiB : 0),
  };
  if (!changesFlavor && sizes.diskGiB === row.diskGiB) return null;
  const image = await selectImageFor(tx, row.organizationId, row.imageId);
  // The image's own state does not matter any more: the disk was made of it already.
  if (image) requireImageFits({ ...image, status: "available" }, sizes);
  return { flavorId: next.id, sizes, effect: effectOf(observation, current.class !== next.class) };
}

function effectOf(observation: ObservationRow | null, changesClass: boolean): ChangeEffect {
  const running = observation?.state === "running";
  if (!running) return effect("at-next-boot", sentence("resize-at-start"));
  if (changesClass) return effect("at-next-boot", sentence("resize-class"));
  return effect("live", sentence("resize-live"));
}

/** When a change takes effect, and the sentence about it. */
export function effect(when: ChangeEffect["effect"], { text, words }: Sentence): ChangeEffect {
  return { effect: when, effectText: text, effectWords: words };
}
