"use client";

import { useTranslations } from "next-intl";
import type { RouterOutputs } from "@/server/api/root";
import { TimeAgo } from "@/app/_components/time-ago";
import { Badge, type Tone } from "@/app/_components/ui/badge";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { useFormats } from "@/app/_i18n/use-formats";

type Timeline = RouterOutputs["admin"]["automation"]["powerTimeline"];

const WIDTH = 640;
const ROW = 16;
const GAP = 4;
const LABEL = 56;
const EVENTS_SHOWN = 8;
const TONES: Readonly<Record<string, Tone>> = { sleep: "neutral", wake: "accent", "wake-test": "accent", "wake-failed": "bad", returned: "warn" };

const STATES = ["on", "falling-asleep", "asleep", "waking", "failed-to-wake"] as const;
const stateOf = (name: string): (typeof STATES)[number] | undefined => STATES.find((one) => one === name);

/** A line a host: dark where it draws much, an empty stretch where it slept; below what that saved. */
export function PowerTimeline({ power }: { readonly power: Timeline }) {
  const t = useTranslations("admin.automation");
  const formats = useFormats();
  const fromMs = power.from.getTime();
  const span = power.to.getTime() - fromMs;
  const most = Math.max(1, ...power.hosts.flatMap((host) => host.points.map((point) => point.watts)));
  const x = (at: Date): number => LABEL + ((at.getTime() - fromMs) / span) * (WIDTH - LABEL);
  const width = Math.max(1, ((power.stepSeconds * 1_000) / span) * (WIDTH - LABEL));
  const height = power.hosts.length * (ROW + GAP);
  const measured = power.hosts.some((host) => host.points.some((point) => point.measured));
  return (
    <Card>
      <CardHead title={t("power")} description={measured ? t("powerMeasured") : t("powerModelled")} />
      <CardBody>
        <dl className="numeric mb-3 flex flex-wrap gap-x-8 gap-y-2">
          <div><dt className="text-xs text-muted">{t("used")}</dt><dd className="text-lg font-medium">{t("kwh", { kwh: formats.number(power.usedKwh, 2) })}</dd></div>
          <div><dt className="text-xs text-muted">{t("saved")}</dt><dd className="text-lg font-medium">{t("kwh", { kwh: formats.number(power.savedKwh, 2) })}</dd></div>
          <div><dt className="text-xs text-muted">{t("savedMoney")}</dt><dd className="text-lg font-medium">{formats.money(power.savedMicros, power.currency)}</dd></div>
          <div><dt className="text-xs text-muted">{t("savedCarbon")}</dt><dd className="text-lg font-medium">{t("kilograms", { kg: formats.number(power.savedCarbonGrams / 1_000, 2) })}</dd></div>
        </dl>
        {power.hosts.length === 0 ? <p className="text-muted">{t("noReadings")}</p> : (
          <svg viewBox={`0 0 ${WIDTH} ${height}`} className="w-full" role="img" aria-label={t("power")}>
            {power.hosts.map((host, row) => (
              <g key={host.hostId} transform={`translate(0 ${row * (ROW + GAP)})`}>
                <text x={0} y={ROW - 4} className="fill-muted text-[11px]">{host.name}</text>
                <rect x={LABEL} width={WIDTH - LABEL} height={ROW} className="fill-raised" />
                {host.points.map((point) => (
                  <rect key={point.at.getTime()} x={x(point.at)} width={width} height={ROW} className={point.asleep ? "fill-bg" : "fill-accent"} opacity={point.asleep ? 1 : 0.25 + 0.75 * (point.watts / most)}>
                    <title>{`${host.name}, ${formats.dateTime(point.at)}: ${point.asleep ? t("asleep") : t("watts", { watts: formats.number(point.watts, 0) })}`}</title>
                  </rect>
                ))}
              </g>
            ))}
          </svg>
        )}
        {power.events.length > 0 ? (
          <ul className="mt-3 grid gap-1.5">
            {power.events.toReversed().slice(0, EVENTS_SHOWN).map((event) => (
              <li key={event.id} className="flex flex-wrap items-baseline gap-2 text-xs">
                <Badge tone={TONES[event.kind] ?? "neutral"}>{event.hostName}</Badge>
                <span>{stateOf(event.to) ? t(`powerStates.${stateOf(event.to) ?? "on"}`) : event.to}</span>
                <span className="text-muted">{event.reason}</span>
                <span className="ml-auto text-muted"><TimeAgo at={event.at} /></span>
              </li>
            ))}
          </ul>
        ) : null}
      </CardBody>
    </Card>
  );
}
