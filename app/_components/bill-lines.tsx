"use client";

import { ChevronRight } from "lucide-react";
import { useTranslations } from "next-intl";
import { Fragment, useState, type ReactNode } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { cn } from "@/app/_components/ui/cn";
import { useWords } from "@/app/_components/use-words";
import { Table, Td, Th } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";

type DraftLine = RouterOutputs["billing"]["draft"]["lines"][number];
const HOUR_MS = 3_600_000;

/** A line of a draft or of an issued invoice, as the table needs it. */
export interface BillLine extends Pick<DraftLine, "meter" | "microsPerHour" | "quantityUnitMs" | "amountMicros" | "windowCount" | "priceVersionId" | "label" | "labelWords" | "flavorName"> {
  readonly id: string;
  readonly kind: DraftLine["kind"] | "manual";
  readonly name: string;
}

interface BillLinesProps {
  readonly currency: string;
  readonly lines: readonly BillLine[];
  readonly subtotalMicros: number;
  readonly roundingMicros: number;
  readonly taxes: readonly { readonly rateBasisPoints: number; readonly netMinor: number; readonly taxMinor: number }[];
  readonly totalMinor: number;
  /** What an opened line shows. */
  readonly children: (lineId: string) => ReactNode;
}

/** What is asked for, line by line; each line opens. Sum of the lines, rounding and tax stand below. */
export function BillLines({ currency, lines, children, ...sums }: BillLinesProps) {
  const t = useTranslations("billing");
  const formats = useFormats();
  const [open, setOpen] = useState<string | null>(null);
  return (
    <Table label={t("lines")}>
      <thead>
        <tr>
          <Th>{t("what")}</Th>
          <Th right>{t("quantity")}</Th>
          <Th right className="hidden sm:table-cell">{t("unitPrice")}</Th>
          <Th right>{t("amount")}</Th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => {
          const expanded = open === line.id;
          const openable = line.windowCount > 0;
          return (
            <Fragment key={line.id}>
              <tr className="hover:bg-raised/40">
                <Td>
                  <button type="button" disabled={!openable} aria-expanded={openable ? expanded : undefined} onClick={() => setOpen(expanded ? null : line.id)} className="-m-1 flex items-center gap-2 rounded p-1 text-left">
                    <ChevronRight aria-hidden className={cn("size-4 shrink-0 text-muted transition-transform", expanded && "rotate-90", !openable && "invisible")} />
                    <LineName line={line} />
                  </button>
                </Td>
                <Td right className="whitespace-nowrap">{line.quantityUnitMs > 0 ? <Quantity line={line} /> : null}</Td>
                <Td right className="hidden sm:table-cell">
                  {line.microsPerHour === null ? null : formats.perHour(line.microsPerHour, currency)}
                  {line.priceVersionId ? <span className="block font-mono text-tiny text-muted" title={t("priceVersion")}>{line.priceVersionId}</span> : null}
                </Td>
                <Td right>{formats.money(line.amountMicros, currency, true)}</Td>
              </tr>
              {expanded ? (
                <tr>
                  <td colSpan={4} className="border-b bg-raised/40 px-4 py-3">{children(line.id)}</td>
                </tr>
              ) : null}
            </Fragment>
          );
        })}
      </tbody>
      <Sums currency={currency} {...sums} />
    </Table>
  );
}

/** Hours of use; what ran for less than an hour is said in minutes and seconds, where "0.04 h" would tell nobody anything. */
function Quantity({ line: { meter, quantityUnitMs } }: { readonly line: BillLine }) {
  const t = useTranslations("billing");
  const formats = useFormats();
  if (meter === "storage" || meter === "snapshot" || meter === "image") return t("gibHours", { value: formats.number(quantityUnitMs / HOUR_MS, 3) });
  return quantityUnitMs < HOUR_MS ? formats.duration(quantityUnitMs) : t("hours", { value: formats.number(quantityUnitMs / HOUR_MS, 3) });
}

function LineName({ line }: { readonly line: BillLine }) {
  const t = useTranslations("billing");
  const say = useWords();
  const meter = line.meter ? t(`meters.${line.meter}`, { flavor: line.flavorName ?? "" }) : null;
  const windows = line.windowCount > 0 ? t("windowCount", { count: line.windowCount }) : null;
  const plain = line.kind === "usage" || line.kind === "manual";
  const label = say(line.labelWords, line.label ?? "");
  // What an outage was worth is a whole sentence, which stands below; a code or a name goes with its kind.
  const sentence = line.labelWords !== null && line.labelWords.length > 0;
  const title = plain ? line.name : sentence ? t("kinds.outage") : t(`kinds.${line.kind}`, { label });
  const below = [sentence ? label : null, plain || line.name === title || line.name === line.label ? null : line.name, meter, windows].filter((part) => part !== null && part !== "");
  return (
    <span>
      <span className="font-medium">{title}</span>
      {below.length > 0 ? <span className="block text-xs text-muted">{below.join(" · ")}</span> : null}
    </span>
  );
}

function Sums({ currency, subtotalMicros, roundingMicros, taxes, totalMinor }: Omit<BillLinesProps, "lines" | "children">) {
  const t = useTranslations("billing");
  const formats = useFormats();
  return (
    <tfoot>
      <Sum label={t("subtotal")} value={formats.money(subtotalMicros, currency, true)} />
      <Sum label={t("rounding")} value={formats.money(roundingMicros, currency, true)} />
      {taxes.map((tax) => <Sum key={tax.rateBasisPoints} label={t("tax", { rate: formats.number(tax.rateBasisPoints / 100, 2) })} value={formats.moneyMinor(tax.taxMinor, currency)} />)}
      <Sum label={t("total")} value={formats.moneyMinor(totalMinor, currency)} strong />
    </tfoot>
  );
}

function Sum({ label, value, strong }: { readonly label: string; readonly value: string; readonly strong?: boolean }) {
  return (
    <tr className={cn(strong ? "border-t font-semibold" : "text-muted")}>
      <td className="hidden sm:table-cell" />
      <td className="px-4 py-2 text-right" colSpan={2}>{label}</td>
      <td className="numeric px-4 py-2 text-right">{value}</td>
    </tr>
  );
}
