import { stringify } from "csv-stringify/sync";
import { formatMinor } from "@/server/rating";
import type { InvoiceView } from "../invoice";
import { describeLine, reasonOf } from "./rules";
import type { Breakdown } from "./types";

const HOUR_MS = 3_600_000;

/** What a spreadsheet would run as a formula is quoted as text: names of machines are their tenant's words. */
const OPTIONS = { header: true, bom: true, record_delimiter: "windows", escape_formulas: true } as const;

/** An exact amount of micros, as a decimal with all of its digits. */
function decimal(micros: number): string {
  const negative = micros < 0;
  const digits = String(Math.abs(micros)).padStart(7, "0");
  return `${negative ? "-" : ""}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

/** Numbers stay numbers for a spreadsheet: only texts are guarded. */
const asNumber = (text: string): { readonly value: string; readonly escape_formulas: false } => ({ value: text, escape_formulas: false });

function write(rows: readonly Readonly<Record<string, string | number | null>>[], numeric: readonly string[], columns: readonly string[]): string {
  return stringify(rows.map((row) => columns.map((column) => row[column] ?? "")), { ...OPTIONS, columns: [...columns], cast: { string: (value, context) => (numeric.includes(columns[context.index] ?? "") && !context.header ? asNumber(value) : value) } });
}

/** The lines of an invoice, with rounding, tax and total as lines of their own, so that the column sums to the total. */
export function renderInvoiceCsv({ invoice, lines }: InvoiceView): string {
  const base = { invoice: invoice.number, currency: invoice.currency };
  const minor = (amount: number): string => formatMinor(BigInt(amount), invoice.currency);
  const rows = [
    ...lines.map((line) => ({
      ...base, position: line.position, kind: line.kind, description: [describeLine(line, "en"), reasonOf(line, "en", "UTC")].filter((part) => part !== null).join(" · "), meter: line.meter, instance: line.instanceId, resource: line.resourceId, price_version: line.priceVersionId, unit_hours: (line.quantityUnitMs / HOUR_MS).toFixed(6),
      unit_price: line.microsPerHour === null ? "" : decimal(line.microsPerHour), amount: decimal(line.amountMicros), tax_percent: String(line.taxRateBasisPoints / 100), windows: line.windowIds.length,
    })),
    { ...base, kind: "rounding", description: "Rounding", amount: decimal(invoice.roundingMicros) },
    ...invoice.taxes.map((tax) => ({ ...base, kind: "tax", description: `Tax ${tax.rateBasisPoints / 100} % on ${minor(tax.netMinor)}`, amount: minor(tax.taxMinor), tax_percent: String(tax.rateBasisPoints / 100) })),
  ];
  return write(rows, ["amount", "unit_price", "unit_hours", "tax_percent"], ["invoice", "position", "kind", "description", "meter", "instance", "resource", "price_version", "unit_hours", "unit_price", "amount", "currency", "tax_percent", "windows"]);
}

/** Use by day and resource, for a spreadsheet. */
export function renderBreakdownCsv(breakdown: Breakdown): string {
  const rows = breakdown.days.map((row) => ({ day: row.day, meter: row.meter, instance: row.instanceId, name: row.instanceName, resource: row.resourceId, unit_hours: (row.unitMs / HOUR_MS).toFixed(6), amount: decimal(row.amountMicros), currency: breakdown.currency }));
  return write(rows, ["unit_hours", "amount"], ["day", "meter", "instance", "name", "resource", "unit_hours", "amount", "currency"]);
}
