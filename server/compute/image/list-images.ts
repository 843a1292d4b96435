import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { toImageView } from "./rules";
import { selectImages } from "./store";
import type { ImageView } from "./types";

/** The organization's own images in any state, then what is offered to everybody. */
export async function listImages(context: Context): Promise<ImageView[]> {
  return inTransaction(context, async (tx) => (await selectImages(tx, context)).map(toImageView), { readOnly: true });
}
