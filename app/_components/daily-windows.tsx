"use client";

import { CalendarPlus, Trash2 } from "lucide-react";
import { useLocale, useTranslations } from "next-intl";
import { Button } from "@/app/_components/ui/button";
import { cn } from "@/app/_components/ui/cn";
import { Input } from "@/app/_components/ui/field";

export interface DailyWindowValue {
  readonly from: string;
  readonly to: string;
  readonly days?: readonly number[] | undefined;
}

interface WindowsProps {
  readonly label: string;
  readonly hint?: string;
  readonly value: readonly DailyWindowValue[];
  readonly onChange: (value: DailyWindowValue[]) => void;
  readonly disabled: boolean;
  /** What a new window begins as. */
  readonly fresh: DailyWindowValue;
}

/** Monday first, as office plans are read. */
const DAYS = [1, 2, 3, 4, 5, 6, 0] as const;
/** A Sunday, to take the names of the days from. */
const SUNDAY = Date.UTC(2026, 0, 4);
const DAY_MS = 86_400_000;

/** Stretches of the week; an end before its beginning passes midnight, no marked day means every day. */
export function DailyWindows({ label, hint, value, onChange, disabled, fresh }: WindowsProps) {
  const t = useTranslations("windows");
  const common = useTranslations("common");
  const day = new Intl.DateTimeFormat(useLocale(), { weekday: "short", timeZone: "UTC" });
  const change = (index: number, part: Partial<DailyWindowValue>): void => onChange(value.map((one, at) => (at === index ? { ...one, ...part } : one)));
  return (
    <div role="group" aria-label={label} className="grid content-start gap-1.5">
      <span className="flex items-center justify-between gap-2">
        <span className="font-medium">{label}</span>
        {disabled ? null : <Button size="sm" aria-label={`${t("add")}: ${label}`} onClick={() => onChange([...value, fresh])}><CalendarPlus aria-hidden />{t("add")}</Button>}
      </span>
      {value.length === 0 ? <span className="text-muted">{t("none")}</span> : null}
      {value.map((one, index) => (
        <fieldset key={index} disabled={disabled} className="flex flex-wrap items-center gap-2 rounded-md border px-2.5 py-2">
          <Input type="time" aria-label={`${label}: ${t("from")} ${index + 1}`} className="w-32" value={one.from} onChange={(event) => change(index, { from: event.target.value })} />
          <span aria-hidden className="text-muted">–</span>
          <Input type="time" aria-label={`${label}: ${t("to")} ${index + 1}`} className="w-32" value={one.to} onChange={(event) => change(index, { to: event.target.value })} />
          <span className="flex gap-0.5">
            {DAYS.map((number) => {
              const every = (one.days ?? []).length === 0;
              const on = every || (one.days ?? []).includes(number);
              return (
                <button
                  key={number}
                  type="button"
                  aria-pressed={on}
                  className={cn("h-7 min-w-8 rounded px-1 text-xs", on ? "bg-accent-soft font-medium text-accent-strong" : "text-muted hover:bg-raised")}
                  onClick={() => {
                    const now = every ? [...DAYS] : [...(one.days ?? [])];
                    const days = on ? now.filter((other) => other !== number) : [...now, number];
                    // None left would mean every day again: the window is removed with its own button.
                    if (days.length > 0) change(index, { days: days.length === DAYS.length ? undefined : days });
                  }}
                >
                  {day.format(SUNDAY + number * DAY_MS)}
                </button>
              );
            })}
          </span>
          {disabled ? null : <Button variant="ghost" size="iconSm" aria-label={`${common("remove")}: ${label} ${index + 1}`} className="ml-auto" onClick={() => onChange(value.filter((_, at) => at !== index))}><Trash2 aria-hidden /></Button>}
        </fieldset>
      ))}
      {hint ? <span className="text-xs text-muted">{hint}</span> : null}
    </div>
  );
}
