import type { ReactNode } from "react";
import { cn } from "./cn";

interface MeterBarProps {
  readonly label: ReactNode;
  /** What is read beside the bar, "3 / 10" say. */
  readonly value: ReactNode;
  readonly used: number;
  /** Claimed and not final yet, drawn lighter after `used`. */
  readonly pending?: number;
  readonly limit: number;
  readonly note?: ReactNode;
  /** A thin mark at this value: the physical size inside what may be sold, say. */
  readonly mark?: { readonly at: number; readonly title: string };
}

const percent = (part: number, whole: number): number => (whole > 0 ? Math.min(100, Math.max(0, (part / whole) * 100)) : part > 0 ? 100 : 0);

export function MeterBar({ label, value, used, pending = 0, limit, note, mark }: MeterBarProps) {
  const full = percent(used + pending, limit);
  const tone = full >= 100 ? "bg-bad" : full >= 85 ? "bg-warn" : "bg-accent";
  const usedPercent = percent(used, limit);
  return (
    <div className="grid gap-1">
      <div className="flex items-baseline justify-between gap-3">
        <span className="text-muted">{label}</span>
        <span className="numeric text-right font-medium">{value}</span>
      </div>
      <div className="relative flex h-1.5 overflow-hidden rounded-full bg-raised" aria-hidden>
        <span className={cn("h-full", tone)} style={{ width: `${usedPercent}%` }} />
        <span className={cn("h-full opacity-40", tone)} style={{ width: `${Math.max(0, full - usedPercent)}%` }} />
        {mark ? <span title={mark.title} className="absolute top-0 h-full w-0.5 bg-ink" style={{ left: `${percent(mark.at, limit)}%` }} /> : null}
      </div>
      {note ? <p className="text-xs text-muted">{note}</p> : null}
    </div>
  );
}
