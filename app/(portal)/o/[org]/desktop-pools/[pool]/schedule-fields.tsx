"use client";

import { useQuery } from "@tanstack/react-query";
import { CalendarPlus, Trash2 } from "lucide-react";
import { useLocale, useTranslations } from "next-intl";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { cn } from "@/app/_components/ui/cn";
import { CheckboxLine, Field, Input } from "@/app/_components/ui/field";
import { useTRPC } from "@/app/_trpc/client";
import type { Pool } from "../pool-figures";

type Schedule = Pool["schedules"][number];
interface ScheduleProps {
  readonly value: readonly Schedule[];
  readonly onChange: (value: Schedule[]) => void;
  /** Past log-ons decide, too. */
  readonly learns: boolean;
  readonly onLearns: (learns: boolean) => void;
  readonly disabled: boolean;
}

const DAYS = [1, 2, 3, 4, 5, 6, 0] as const;
const OFFICE: Schedule = { weekdays: [1, 2, 3, 4, 5], fromMinute: 8 * 60, toMinute: 18 * 60, ready: 1, onHolidays: false };
/** A Sunday, to take the names of the days from. */
const SUNDAY = Date.UTC(2026, 0, 4);
const DAY_MS = 86_400_000;
const MIDNIGHT = 1_440;

const toClock = (minute: number): string => `${String(Math.floor(minute / 60) % 24).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
function toMinute(clock: string): number {
  const [hours = "0", minutes = "0"] = clock.split(":");
  return Number(hours) * 60 + Number(minutes);
}

/** Times of the week at which more desktops stand ready. Midnight at the end of a day is written as 00:00. */
export function ScheduleFields({ value, onChange, learns, onLearns, disabled }: ScheduleProps) {
  const t = useTranslations("desktopPools.settings");
  const common = useTranslations("common");
  const locale = useLocale();
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const query = useQuery(trpc.organization.get.queryOptions({ organization }));
  const day = new Intl.DateTimeFormat(locale, { weekday: "short", timeZone: "UTC" });
  const change = (index: number, part: Partial<Schedule>): void => onChange(value.map((one, at) => (at === index ? { ...one, ...part } : one)));
  return (
    <Card>
      <CardHead
        title={t("schedules")}
        description={t("schedulesText", { zone: query.data?.timeZone ?? "" })}
        actions={
          disabled ? null : (
            <Button size="sm" onClick={() => onChange([...value, OFFICE])}>
              <CalendarPlus aria-hidden />
              {t("addSchedule")}
            </Button>
          )
        }
      />
      <CardBody className="grid gap-4">
        <CheckboxLine label={t("learns")} hint={t("learnsHint")} checked={learns} disabled={disabled} onChange={(event) => onLearns(event.target.checked)} />
        {value.length === 0 ? <p className="text-muted">{t("noSchedules")}</p> : null}
        {value.map((one, index) => (
          <fieldset key={index} disabled={disabled} className="flex flex-wrap items-end gap-4 rounded-md border p-3">
            <div role="group" aria-label={t("days")} className="flex gap-1">
              {DAYS.map((number) => {
                const on = one.weekdays.includes(number);
                return (
                  <button
                    key={number}
                    type="button"
                    aria-pressed={on}
                    className={cn("h-8 min-w-9 rounded-md border px-1.5 text-xs font-medium", on ? "border-accent bg-accent-soft text-accent-strong" : "text-muted hover:bg-raised")}
                    onClick={() => {
                      const weekdays = on ? one.weekdays.filter((other) => other !== number) : [...one.weekdays, number];
                      // A time without a day is none; it is removed with its own button.
                      if (weekdays.length > 0) change(index, { weekdays });
                    }}
                  >
                    {day.format(SUNDAY + number * DAY_MS)}
                  </button>
                );
              })}
            </div>
            <Field label={t("from")}>{(control) => <Input {...control} type="time" className="w-28" value={toClock(one.fromMinute)} onChange={(event) => change(index, { fromMinute: toMinute(event.target.value) })} />}</Field>
            <Field label={t("to")}>{(control) => <Input {...control} type="time" className="w-28" value={toClock(one.toMinute)} onChange={(event) => change(index, { toMinute: toMinute(event.target.value) || MIDNIGHT })} />}</Field>
            <Field label={t("readyCount")}>{(control) => <Input {...control} type="number" min={0} className="w-20" value={Number.isNaN(one.ready) ? "" : one.ready} onChange={(event) => change(index, { ready: event.target.valueAsNumber })} />}</Field>
            <CheckboxLine className="pb-1.5" label={t("holidays")} checked={one.onHolidays} onChange={(event) => change(index, { onHolidays: event.target.checked })} />
            {disabled ? null : (
              <Button variant="ghost" size="icon" aria-label={common("remove")} className="ml-auto" onClick={() => onChange(value.filter((_, at) => at !== index))}>
                <Trash2 aria-hidden />
              </Button>
            )}
          </fieldset>
        ))}
      </CardBody>
    </Card>
  );
}
