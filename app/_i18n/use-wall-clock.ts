"use client";

import { useTimeZone, useTranslations } from "next-intl";
import { useMemo } from "react";
import { momentOfWallClock } from "./wall-clock";

interface WallClock {
  /** From a field for a date and a time; null while it is empty or no date. */
  readonly moment: (text: string) => Date | null;
  /** The last second of a day from a field for a date; null while it is empty or no date. */
  readonly endOf: (day: string) => Date | null;
  /** Names the zone, for the field's hint: `before` stands in front of it. */
  readonly hint: (before?: string) => string;
}

/** Dates as they are typed: in the reader's own zone, the one that pages show times in, whatever zone the browser is in. */
export function useWallClock(): WallClock {
  const timeZone = useTimeZone() ?? "UTC";
  const t = useTranslations("common");
  return useMemo(
    () => ({
      moment: (text) => (text === "" ? null : momentOfWallClock(timeZone, text)),
      endOf: (day) => (day === "" ? null : momentOfWallClock(timeZone, `${day}T23:59:59`)),
      hint: (before) => (before === undefined ? t("zone", { zone: timeZone }) : t("zoneAfter", { before, zone: timeZone })),
    }),
    [timeZone, t],
  );
}
