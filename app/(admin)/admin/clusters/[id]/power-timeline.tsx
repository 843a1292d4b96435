"use client";

import { useTranslations } from "next-intl";
import type { RouterOutputs } from "@/server/api/root";
import { TimeAgo } from "@/app/_components/time-ago";
import { Badge, type Tone } from "@/app/_components/ui/badge";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";

type Timeline = RouterOutputs["admin"]["automation"]["powerTimeline"];

const WIDTH = 1_000;
const ROW = 16;
const GAP = 4;
const EVENTS_SHOWN = 8;
const DAY_MS = 86_400_000;
const TONES: Readonly<Record<string, Tone>> = { sleep: "neutral", wake: "accent", "wake-test": "accent", "wake-failed": "bad", returned: "warn" };

const STATES = ["on", "falling-asleep", "asleep", "waking", "failed-to-wake"] as const;
const stateOf = (name: string): (typeof STATES)[number] | undefined => STATES.find((one) => one === name);

/** A line a host: dark where it draws much, an empty frame where it slept; above it what the week used and saved. */
export function PowerTimeline({ power }: { readonly power: Timeline }) {
  const t = useTranslations("admin.automation");
  const formats = useFormats();
  const say = useWords();
  const fromMs = power.from.getTime();
  const span = power.to.getTime() - fromMs;
  const most = Math.max(1, ...power.hosts.flatMap((host) => host.points.map((point) => point.watts)));
  const x = (ms: number): number => ((ms - fromMs) / span) * WIDTH;
  const width = Math.max(1, ((power.stepSeconds * 1_000) / span) * WIDTH);
  const measured = power.hosts.some((host) => host.points.some((point) => point.measured));
  const days = Array.from({ length: Math.round(span / DAY_MS) }, (_, index) => new Date(fromMs + index * DAY_MS));
  return (
    <Card>
      <CardHead title={t("power")} description={measured ? t("powerMeasured") : t("powerModelled")} />
      <CardBody className="grid gap-3">
        <dl className="numeric flex flex-wrap gap-x-8 gap-y-2">
          <div><dt className="text-xs text-muted">{t("used")}</dt><dd className="text-lg font-medium">{t("kwh", { kwh: formats.number(power.usedKwh, 2) })}</dd></div>
          <div><dt className="text-xs text-muted">{t("saved")}</dt><dd className="text-lg font-medium">{t("kwh", { kwh: formats.number(power.savedKwh, 2) })}</dd></div>
          <div><dt className="text-xs text-muted">{t("savedMoney")}</dt><dd className="text-lg font-medium">{formats.money(power.savedMicros, power.currency)}</dd></div>
          <div><dt className="text-xs text-muted">{t("savedCarbon")}</dt><dd className="text-lg font-medium">{t("kilograms", { kg: formats.number(power.savedCarbonGrams / 1_000, 2) })}</dd></div>
        </dl>
        {power.hosts.length === 0 ? <p className="text-muted">{t("noReadings")}</p> : (
          <div className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 text-xs text-muted">
            {power.hosts.map((host) => (
              <div key={host.hostId} className="contents">
                <span className="max-w-32 truncate leading-5">{host.name}</span>
                <svg viewBox={`0 0 ${WIDTH} ${ROW + GAP}`} preserveAspectRatio="none" className="h-5 w-full" role="img" aria-label={`${t("power")}: ${host.name}`}>
                  <rect y={GAP / 2} width={WIDTH} height={ROW} className="fill-raised" />
                  {host.points.map((point) => (
                    <rect key={point.at.getTime()} x={x(point.at.getTime())} y={GAP / 2} width={width} height={ROW} className={point.asleep ? "fill-surface" : "fill-accent"} opacity={point.asleep ? 1 : 0.25 + 0.75 * (point.watts / most)}>
                      <title>{`${host.name}, ${formats.dateTime(point.at)}: ${point.asleep ? t("asleep") : t("watts", { watts: formats.number(point.watts, 0) })}`}</title>
                    </rect>
                  ))}
                </svg>
              </div>
            ))}
            <span />
            <span className="numeric flex">{days.map((day) => <span key={day.getTime()} className="min-w-0 flex-1 border-l pl-0.5 text-tiny whitespace-nowrap sm:pl-1 sm:text-xs">{formats.monthDay(day)}</span>)}</span>
          </div>
        )}
        <p className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
          <span className="inline-flex items-center gap-1.5"><span aria-hidden className="h-2.5 w-4 bg-accent" />{t("legendBusy")}</span>
          <span className="inline-flex items-center gap-1.5"><span aria-hidden className="h-2.5 w-4 bg-accent/30" />{t("legendIdle")}</span>
          <span className="inline-flex items-center gap-1.5"><span aria-hidden className="h-2.5 w-4 border bg-surface" />{t("asleep")}</span>
        </p>
        {power.events.length > 0 ? (
          <ul className="grid gap-1.5">
            {power.events.toReversed().slice(0, EVENTS_SHOWN).map((event) => (
              <li key={event.id} className="flex flex-wrap items-baseline gap-2 text-xs">
                <Badge tone={TONES[event.kind] ?? "neutral"}>{event.hostName}</Badge>
                <span>{t(`powerStates.${stateOf(event.to) ?? "on"}`)}</span>
                <span className="text-muted">{say(event.reasonWords, event.reason)}</span>
                <span className="ml-auto text-muted"><TimeAgo at={event.at} /></span>
              </li>
            ))}
          </ul>
        ) : null}
      </CardBody>
    </Card>
  );
}
