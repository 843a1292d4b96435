import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { selectDue, upsertPicture } from "./store";

/** So many a pass: a picture is a call to a host, and a pool may have hundreds of desktops. */
const MOST_A_PASS = 20;
/** A picture that somebody looks at is made anew after this. */
export const PICTURE_AGE_MS = 10_000;

export type DuePicture = Awaited<ReturnType<typeof selectDue>>[number];

/** Desktops whose picture somebody waits for, those without one first. */
export async function listDuePictures(context: Context): Promise<DuePicture[]> {
  const now = context.clock.now();
  return inTransaction(context, (tx) => selectDue(tx, now, new Date(now.getTime() - PICTURE_AGE_MS), MOST_A_PASS), { readOnly: true });
}

/** Keeps the picture of a desktop (PNG, base64), unless it was wiped since the picture was ordered. */
export async function keepPicture(context: Context, due: DuePicture, png: string): Promise<void> {
  await inTransaction(context, async (tx) => {
    if (await upsertPicture(tx, due, png, context.clock.now())) await announce(tx, { organizationId: due.organizationId, topic: "desktop", id: due.desktopId });
  });
}
