import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { machineName } from "../rules";
import type { DesktopPerson, DesktopWork, GuestKeyboard, GuestLocale, Personalisation, PoolRow } from "../types";
import { lockDesktop, updateDesktop } from "./store";

/** An agent that has not answered by then after a start is asked seldom: every golden image was seen to answer, and most that do not never will. */
const SELDOM_AFTER_MS = 10 * 60_000;

/** What the guest should believe of itself and of its person. */
export interface Personality {
  readonly instanceId: string;
  readonly runningSince: Date;
  readonly hostName: string;
  readonly timeZone: string;
  /** Null while it is nobody's. */
  readonly fullName: string | null;
  readonly locale: GuestLocale;
  readonly keyboard: GuestKeyboard;
  /** All of it as one text: what was told before is compared with it. */
  readonly told: string;
  /** Its agent has been silent for long. */
  readonly seldom: boolean;
}

/** The language and the keyboard of a desktop: what its person chose, else what its pool says, else what goes with the person's language in the portal. Nobody's is as its pool says. */
export function languageOf(pool: Pick<PoolRow, "locale" | "keyboard">, person: Omit<DesktopPerson, "name"> | null): { readonly locale: GuestLocale; readonly keyboard: GuestKeyboard } {
  const locale = person?.desktopLocale ?? pool.locale ?? (person?.locale === "ja" ? "ja_JP.UTF-8" : "en_US.UTF-8");
  return { locale, keyboard: person?.keyboard ?? pool.keyboard ?? (locale === "ja_JP.UTF-8" ? "jp" : "us") };
}

/** A name as a guest's list of accounts can hold it: that list has colons between its fields, and commas within this one. */
function accountName(name: string): string {
  return name.replaceAll(/[:,\s\p{Cc}]+/gu, " ").trim();
}

/** Who a desktop's guest should be told that it is, where it was not told since it was started or went on, or was told something else; null when there is nothing to tell. */
export function personalityOf({ desktop, pool, instance, person }: DesktopWork, timeZone: string, nowMs: number): Personality | null {
  if (instance?.state !== "running" || instance.runningSince === null) return null;
  if (desktop.state !== "ready" && desktop.state !== "in-session" && desktop.state !== "disconnected") return null;
  const wanted = { hostName: machineName(pool.name, desktop.number), timeZone, fullName: person ? accountName(person.name) || null : null, ...languageOf(pool, person) };
  const told = JSON.stringify(Object.values(wanted));
  const toldSinceStart = desktop.personalisedAt !== null && desktop.personalisedAt >= instance.runningSince;
  if (toldSinceStart && desktop.personalisedAs === told) return null;
  return { instanceId: instance.id, runningSince: instance.runningSince, ...wanted, told, seldom: !toldSinceStart && nowMs - instance.runningSince.getTime() > SELDOM_AFTER_MS };
}

/** Its guest was told, beginning at `at`, and answered what became of each part. A guest that was started anew meanwhile is told again: `at` is before its start. */
export async function notePersonalised(context: Context, desktopId: string, { told, runningSince }: Personality, at: Date, personalisation: Personalisation): Promise<void> {
  await inTransaction(context, async (tx) => {
    const row = await lockDesktop(tx, desktopId);
    if (!row) return;
    const isFirst = row.personalisedAt === null || row.personalisedAt < runningSince;
    // Since it can be used, which is since its agent answers, somebody may leave it unused.
    const unusedSince = isFirst && row.unusedSince !== null && row.unusedSince < at ? { unusedSince: at } : {};
    await updateDesktop(tx, desktopId, { ...(isFirst ? { personalisedAt: at } : {}), personalisedAs: told, personalisation, ...unusedSince });
    if (JSON.stringify(row.personalisation) !== JSON.stringify(personalisation)) await announce(tx, { organizationId: row.organizationId, topic: "desktop", id: row.poolId });
  });
}
