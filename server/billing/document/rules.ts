import type { InvoiceLineRow } from "../invoice";
import type { DocumentLocale } from "./types";

const WORDS = {
  en: {
    invoice: "Invoice", number: "Invoice no.", date: "Issued", due: "Due", period: "Period", to: "Bill to", registration: "Registration no.", taxId: "Tax no.", what: "Description", quantity: "Quantity", price: "Unit price", amount: "Amount",
    subtotal: "Subtotal", rounding: "Rounding", net: "Net at", tax: "Tax", total: "Total", open: "Open", page: "Page", of: "of", reduced: "* reduced rate", void: "VOID", bank: "Pay by transfer to",
  },
  ja: {
    invoice: "請求書", number: "請求書番号", date: "発行日", due: "お支払期限", period: "ご利用期間", to: "請求先", registration: "登録番号", taxId: "登録番号", what: "内容", quantity: "数量", price: "単価", amount: "金額",
    subtotal: "小計", rounding: "端数処理", net: "対象額", tax: "消費税", total: "合計", open: "未払い額", page: "ページ", of: "/", reduced: "※ は軽減税率対象", void: "無効", bank: "お振込先",
  },
} as const;

export function wordsOf(locale: DocumentLocale): Readonly<Record<keyof (typeof WORDS)["en"], string>> {
  return WORDS[locale];
}

const METERS: Readonly<Record<DocumentLocale, Readonly<Record<string, string>>>> = {
  en: { instance: "Instance", storage: "Storage", address: "Address", snapshot: "Snapshot", image: "Image", desktop: "Desktop" },
  ja: { instance: "インスタンス", storage: "ストレージ", address: "アドレス", snapshot: "スナップショット", image: "イメージ", desktop: "デスクトップ" },
};
const KINDS: Readonly<Record<DocumentLocale, Readonly<Record<string, string>>>> = {
  en: { increment: "Rounded up to whole units", minimum: "Minimum charge", cap: "Monthly cap", tier: "Volume price", included: "Included", "commitment-fee": "Reservation", "commitment-coverage": "Paid by reservation", "movable-discount": "Discount: may be moved", coupon: "Coupon", credit: "Credit", adjustment: "Adjustment of an earlier month" },
  ja: { increment: "単位への切り上げ", minimum: "最低料金", cap: "月額上限", tier: "従量割引", included: "無料枠", "commitment-fee": "予約", "commitment-coverage": "予約で支払い済み", "movable-discount": "移動許可割引", coupon: "クーポン", credit: "クレジット", adjustment: "過去の月の調整" },
};

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** What a line is, for a person. */
export function describeLine(line: Pick<InvoiceLineRow, "kind" | "meter" | "instanceId" | "resourceId" | "description">, locale: DocumentLocale): string {
  if (line.kind === "manual") return textOf(line.description["text"]) ?? "";
  const meter = line.meter === null ? null : (METERS[locale][line.meter] ?? line.meter);
  const name = textOf(line.description["instanceName"]) ?? line.instanceId ?? line.resourceId;
  const kind = KINDS[locale][line.kind] ?? null;
  const label = line.kind === "credit" ? null : textOf(line.description["label"]);
  return [kind, label, meter, name].filter((part) => part !== null).join(" · ");
}

/** Hours, minutes and seconds of an outage; what is nought is left out. */
function duration(seconds: number, locale: DocumentLocale): string {
  const units = locale === "ja" ? ["時間", "分", "秒"] : [" h", " min", " s"];
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60].flatMap((count, index) => (count > 0 ? [`${count}${units[index] ?? ""}`] : []));
  return parts.length > 0 ? parts.join(" ") : `0${units[2] ?? ""}`;
}

/** Why a credit was given, in the document's language where we gave it by ourselves, else in the words of whoever gave it; null for other lines. */
export function reasonOf(line: Pick<InvoiceLineRow, "kind" | "description">, locale: DocumentLocale, timeZone: string): string | null {
  if (line.kind !== "credit") return null;
  const words: unknown = line.description["labelWords"];
  const first: unknown = Array.isArray(words) ? words[0] : null;
  const params = typeof first === "object" && first !== null && "code" in first && first.code === "credit-outage" && "params" in first && typeof first.params === "object" && first.params !== null ? (first.params as Readonly<Record<string, unknown>>) : null;
  const { instance, downSeconds, startedAt, percent } = params ?? {};
  if (typeof instance !== "string" || typeof downSeconds !== "number" || typeof startedAt !== "string" || typeof percent !== "number") return textOf(line.description["label"]);
  const from = new Intl.DateTimeFormat(locale === "ja" ? "ja-JP" : "en-GB", { timeZone, year: "numeric", month: locale === "ja" ? "numeric" : "short", day: "numeric" }).format(new Date(startedAt));
  const down = duration(downSeconds, locale);
  return locale === "ja" ? `サービスレベル：${from} からの期間に ${instance} が ${down} 停止。料金の ${percent} %` : `Service level: ${instance} was down for ${down} in the period from ${from}; ${percent} % of its charge`;
}
