import PDFDocument from "pdfkit";
import { formatMinor } from "@/server/rating";
import type { InvoiceView } from "../invoice";
import { readTypeface } from "./pick-font";
import { describeLine, reasonOf, wordsOf } from "./rules";
import type { DocumentLocale } from "./types";

/** A4 in points, as a printer has it. */
const LEFT = 48;
const RIGHT = 547;
const BOTTOM = 780;
const COLUMNS = { what: LEFT, quantity: 300, price: 380, amount: 460 } as const;
const HOUR_MS = 3_600_000;

/** Fonts of one document: the main file, or the slice that has what the main file lacks. */
class Pen {
  private readonly slices = new Set<string>();
  private readonly known = new Map<string, boolean>();
  constructor(readonly document: PDFKit.PDFDocument) {
    const face = readTypeface();
    document.registerFont("regular", face.regular).registerFont("bold", face.bold);
  }

  /** One line of text, in runs of the font that has its characters. What no font has is a geta mark, as Japanese printers set it. */
  text(value: string, x: number, y: number, options: { readonly width?: number; readonly right?: boolean; readonly size?: number; readonly bold?: boolean; readonly color?: string } = {}): void {
    const size = options.size ?? 9;
    const runs = this.runsOf(options.width === undefined ? value : this.fit(value, options.width, size, options.bold === true), options.bold === true);
    const widths = runs.map((run) => this.document.font(run.font).fontSize(size).widthOfString(run.text));
    const total = widths.reduce((sum, width) => sum + width, 0);
    let at = options.right === true && options.width !== undefined ? x + options.width - total : x;
    for (const [index, run] of runs.entries()) {
      this.document.font(run.font).fontSize(size).fillColor(options.color ?? "#111").text(run.text, at, y, { lineBreak: false });
      at += widths[index] ?? 0;
    }
  }

  private fit(value: string, width: number, size: number, bold: boolean): string {
    const measure = (text: string): number => this.runsOf(text, bold).reduce((sum, run) => sum + this.document.font(run.font).fontSize(size).widthOfString(run.text), 0);
    if (measure(value) <= width) return value;
    const characters = Array.from(value);
    while (characters.length > 1 && measure(`${characters.join("")}…`) > width) characters.pop();
    return `${characters.join("")}…`;
  }

  private runsOf(value: string, bold: boolean): { readonly font: string; readonly text: string }[] {
    const runs: { font: string; text: string }[] = [];
    for (const character of value) {
      const { font, text } = this.fontOf(character, bold ? "bold" : "regular");
      const last = runs.at(-1);
      if (last?.font === font) last.text += text;
      else runs.push({ font, text });
    }
    return runs;
  }

  private fontOf(character: string, main: string): { readonly font: string; readonly text: string } {
    const code = character.codePointAt(0) ?? 0;
    // Control characters draw nothing that a reader could see.
    if (code < 0x20 || code === 0x7f) return { font: main, text: " " };
    if (code < 0x2e80 || this.has(main, code)) return { font: main, text: this.has(main, code) ? character : "?" };
    if (this.has(main, code)) return { font: main, text: character };
    const face = readTypeface();
    const slice = face.sliceFor(code);
    if (slice === null) return { font: main, text: "〓" };
    const name = `slice-${slice}`;
    if (!this.slices.has(slice)) this.document.registerFont(name, face.readSlice(slice));
    this.slices.add(slice);
    return this.has(name, code) ? { font: name, text: character } : { font: main, text: "〓" };
  }

  private has(font: string, code: number): boolean {
    const key = `${font} ${code}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const found = this.look(font, code);
    this.known.set(key, found);
    return found;
  }

  /** The drawing library does not say what a font has; the font object within does. */
  private look(font: string, code: number): boolean {
    this.document.font(font);
    const inner: unknown = Reflect.get(this.document, "_font");
    const face: unknown = typeof inner === "object" && inner !== null ? Reflect.get(inner, "font") : null;
    return typeof face === "object" && face !== null && "hasGlyphForCodePoint" in face && typeof face.hasGlyphForCodePoint === "function" ? Boolean((face.hasGlyphForCodePoint as (code: number) => boolean).call(face, code)) : false;
  }
}

/** An issued invoice as PDF, with its glyphs inside. Nothing in it is of the moment of drawing: the same invoice gives the same pages. */
export async function renderInvoicePdf(view: InvoiceView, input: { readonly locale: DocumentLocale; readonly timeZone: string }): Promise<Uint8Array> {
  const { invoice } = view;
  const document = new PDFDocument({ size: "A4", margin: LEFT, bufferPages: true, info: { Title: invoice.number ?? invoice.id, Author: invoice.seller?.name ?? "", CreationDate: invoice.issuedAt, ModDate: invoice.issuedAt } });
  const chunks: Buffer[] = [];
  const done = new Promise<Uint8Array>((resolve, reject) => {
    document.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => resolve(Buffer.concat(chunks))).on("error", reject);
  });
  const pen = new Pen(document);
  drawHead(pen, view, input);
  const y = drawLines(pen, view, input, 292);
  drawBank(pen, view, input.locale, drawTotals(pen, view, input.locale, y));
  numberPages(pen, invoice.number ?? invoice.id, input.locale);
  document.end();
  return done;
}

function drawHead(pen: Pen, { invoice, openMinor }: InvoiceView, { locale, timeZone }: { readonly locale: DocumentLocale; readonly timeZone: string }): void {
  const words = wordsOf(locale);
  const day = (at: Date): string => new Intl.DateTimeFormat(locale === "ja" ? "ja-JP" : "en-GB", { timeZone, year: "numeric", month: locale === "ja" ? "numeric" : "short", day: "numeric" }).format(at);
  pen.text(words.invoice, LEFT, 48, { size: 22, bold: true });
  if (invoice.status === "void") pen.text(words.void, LEFT + 130, 52, { size: 18, bold: true, color: "#b00020" });
  const facts: (readonly [string, string])[] = [[words.number, invoice.number ?? ""], [words.date, day(invoice.issuedAt)], [words.due, invoice.dueAt ? day(invoice.dueAt) : ""], [words.period, `${day(invoice.periodStart)} – ${day(new Date(invoice.periodEnd.getTime() - 1))}`]];
  facts.forEach(([label, value], index) => {
    pen.text(label, 320, 52 + index * 16, { color: "#666" });
    pen.text(value, 390, 52 + index * 16, { width: RIGHT - 390, right: true });
  });
  const party = (title: string, who: typeof invoice.buyer, x: number, idLabel: string): void => {
    pen.text(title, x, 136, { size: 8, color: "#666" });
    pen.text(`${who?.name ?? ""}${locale === "ja" && title !== "" ? " 御中" : ""}`, x, 150, { size: 12, bold: true, width: 230 });
    (who?.address ?? "").split("\n").slice(0, 4).forEach((line, index) => pen.text(line, x, 170 + index * 13, { width: 230 }));
    if (who?.registrationNumber) pen.text(`${idLabel} ${who.registrationNumber}`, x, 226, { width: 230 });
  };
  party(words.to, invoice.buyer, LEFT, words.taxId);
  party("", invoice.seller, 320, words.registration);
  pen.text(words.total, LEFT, 250, { size: 9, color: "#666" });
  pen.text(`${formatMinor(BigInt(invoice.totalMinor), invoice.currency)} ${invoice.currency}`, LEFT + 60, 245, { size: 16, bold: true });
  pen.text(`${words.open}: ${formatMinor(BigInt(openMinor), invoice.currency)} ${invoice.currency}`, 320, 250, { width: RIGHT - 320, right: true, color: "#666" });
}

function header(pen: Pen, locale: DocumentLocale, y: number): number {
  const words = wordsOf(locale);
  pen.text(words.what, COLUMNS.what, y, { size: 8, color: "#666" });
  pen.text(words.quantity, COLUMNS.quantity, y, { size: 8, width: 70, right: true, color: "#666" });
  pen.text(words.price, COLUMNS.price, y, { size: 8, width: 70, right: true, color: "#666" });
  pen.text(words.amount, COLUMNS.amount, y, { size: 8, width: RIGHT - COLUMNS.amount, right: true, color: "#666" });
  pen.document.moveTo(LEFT, y + 13).lineTo(RIGHT, y + 13).lineWidth(0.5).strokeColor("#999").stroke();
  return y + 19;
}

/** Micros with all their digits that mean something, at least two. */
function micros(amount: number): string {
  return (amount / 1_000_000).toFixed(6).replace(/0{1,4}$/, "");
}

function drawLines(pen: Pen, { invoice, lines }: InvoiceView, { locale, timeZone }: { readonly locale: DocumentLocale; readonly timeZone: string }, top: number): number {
  let y = header(pen, locale, top);
  const highest = Math.max(0, ...invoice.taxes.map((tax) => tax.rateBasisPoints));
  for (const line of lines) {
    if (y > BOTTOM - 30) {
      pen.document.addPage();
      y = header(pen, locale, 48);
    }
    const reduced = line.taxRateBasisPoints > 0 && line.taxRateBasisPoints < highest ? " *" : "";
    pen.text(`${describeLine(line, locale)}${reduced}`, COLUMNS.what, y, { width: COLUMNS.quantity - COLUMNS.what - 8 });
    if (line.quantityUnitMs > 0) pen.text(`${(line.quantityUnitMs / HOUR_MS).toFixed(3)} ${line.meter === "storage" || line.meter === "image" || line.meter === "snapshot" ? "GiB·h" : "h"}`, COLUMNS.quantity, y, { width: 70, right: true });
    if (line.microsPerHour !== null) pen.text(micros(line.microsPerHour), COLUMNS.price, y, { width: 70, right: true });
    pen.text(micros(line.amountMicros), COLUMNS.amount, y, { width: RIGHT - COLUMNS.amount, right: true });
    y += 15;
    const reason = reasonOf(line, locale, timeZone);
    if (reason === null) continue;
    // A sentence has the whole width, below what it belongs to.
    pen.text(reason, COLUMNS.what, y - 3, { width: RIGHT - COLUMNS.what, size: 7.5, color: "#666" });
    y += 10;
  }
  return y;
}

function drawTotals(pen: Pen, { invoice }: InvoiceView, locale: DocumentLocale, from: number): number {
  const words = wordsOf(locale);
  const money = (minor: number): string => `${formatMinor(BigInt(minor), invoice.currency)} ${invoice.currency}`;
  const rows: (readonly [string, string, boolean?])[] = [
    [words.rounding, micros(invoice.roundingMicros)],
    [words.subtotal, money(invoice.subtotalMinor)],
    ...invoice.taxes.flatMap((tax): (readonly [string, string])[] => [[`${words.net} ${tax.rateBasisPoints / 100} %`, money(tax.netMinor)], [`${words.tax} ${tax.rateBasisPoints / 100} %`, money(tax.taxMinor)]]),
    [words.total, money(invoice.totalMinor), true],
  ];
  let y = from + 8;
  if (y + rows.length * 16 > BOTTOM) {
    pen.document.addPage();
    y = 48;
  }
  pen.document.moveTo(320, y).lineTo(RIGHT, y).lineWidth(0.5).strokeColor("#999").stroke();
  for (const [label, value, strong] of rows) {
    y += strong ? 8 : 6;
    pen.text(label, 320, y, { size: strong ? 11 : 9, bold: strong === true, color: strong ? "#111" : "#444" });
    pen.text(value, 420, y, { size: strong ? 11 : 9, bold: strong === true, width: RIGHT - 420, right: true });
    y += strong ? 12 : 10;
  }
  if (new Set(invoice.taxes.filter((tax) => tax.rateBasisPoints > 0).map((tax) => tax.rateBasisPoints)).size > 1) pen.text(words.reduced, LEFT, y, { size: 8, color: "#666" });
  return y;
}

/** Where money can be sent by hand, while something is open. */
function drawBank(pen: Pen, { invoice, openMinor }: InvoiceView, locale: DocumentLocale, from: number): void {
  const lines = (invoice.seller?.bankText ?? "").split("\n").filter((line) => line.trim() !== "").slice(0, 8);
  if (lines.length === 0 || openMinor <= 0) return;
  let y = from + 24;
  if (y + 14 + lines.length * 13 > BOTTOM) {
    pen.document.addPage();
    y = 48;
  }
  pen.text(wordsOf(locale).bank, LEFT, y, { size: 8, color: "#666" });
  lines.forEach((line, index) => pen.text(line, LEFT, y + 14 + index * 13, { width: RIGHT - LEFT }));
}

function numberPages(pen: Pen, number: string, locale: DocumentLocale): void {
  const words = wordsOf(locale);
  const { count } = pen.document.bufferedPageRange();
  for (let page = 0; page < count; page++) {
    pen.document.switchToPage(page);
    // Below the margin, where pdfkit would begin a page by itself.
    pen.document.page.margins.bottom = 0;
    pen.text(number, LEFT, 806, { size: 8, color: "#666" });
    pen.text(`${words.page} ${page + 1} ${words.of} ${count}`, RIGHT - 120, 806, { size: 8, width: 120, right: true, color: "#666" });
  }
}
