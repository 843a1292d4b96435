import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { formatMinor } from "@/server/rating";
import { tell } from "../invoice";
import { selectBillingEmails } from "../profile";
import type { DunningRow, DunningStage, Overdue } from "./types";

const day = (at: Date): string => at.toISOString().slice(0, 16).replace("T", " ");

const WORDS: Readonly<Record<DunningStage | "settled", { readonly subject: string; readonly english: string; readonly japanese: string }>> = {
  reminded: { subject: "An invoice is unpaid", english: "An invoice of yours is unpaid. Please pay it, or add another card.", japanese: "お支払いが確認できていない請求書があります。お支払い、または別のカードのご登録をお願いいたします。" },
  restricted: { subject: "Nothing new can be ordered until an invoice is paid", english: "Because an invoice is unpaid, nothing new can be ordered. What runs goes on running.", japanese: "未払いの請求書があるため、新しいご注文はできません。稼働中のものはそのまま動き続けます。" },
  suspended: { subject: "Your machines were stopped: an invoice is unpaid", english: "Because an invoice is unpaid, your machines were stopped. They start again by themselves when it is paid.", japanese: "未払いの請求書があるため、マシンを停止しました。お支払い後、自動的に再開します。" },
  retained: { subject: "Your data is kept until the date below", english: "An invoice is still unpaid. Your data is kept until the date of deletion below.", japanese: "未払いの状態が続いています。データは下記の削除日まで保管されます。" },
  deleted: { subject: "Your machines were deleted", english: "An invoice stayed unpaid until the date of deletion, so your machines were moved to the trash.", japanese: "お支払いがないまま削除日を迎えたため、マシンをごみ箱へ移しました。" },
  settled: { subject: "Thank you: nothing is unpaid", english: "Your payment has arrived. Nothing is unpaid; everything works as before.", japanese: "お支払いを確認しました。未払いはありません。すべて元どおりご利用いただけます。" },
};

/** Tells the people who pay: what is unpaid, what follows, and when. All dates at once, in UTC. */
export async function writeReminder(tx: Transaction, context: Context, row: DunningRow, what: DunningStage | "settled", overdue: readonly Overdue[]): Promise<void> {
  const words = WORDS[what];
  const owed = overdue.map((item) => `  ${item.number ?? item.invoiceId}: ${formatMinor(BigInt(item.openMinor), item.currency)} ${item.currency}`);
  const steps: readonly (readonly [string, Date])[] = [["no new orders / 新規注文の停止", row.restrictAt], ["machines stopped / マシンの停止", row.suspendAt], ["data kept only / データの保管のみ", row.retainAt], ["deletion / 削除", row.deleteAt]];
  const dates = what === "settled" ? [] : ["", "Dates (UTC) / 日程(UTC):", ...steps.map(([step, at]) => `  ${day(at)}  ${step}`)];
  const text = [words.english, words.japanese, "", ...owed, ...dates].join("\n");
  await tell(tx, context, await selectBillingEmails(tx, row.organizationId), words.subject, text, row.organizationId);
}
