"use client";

import { useTranslations } from "next-intl";
import { useEffect, useState } from "react";

interface WaitProps {
  /** What was expected when it was told, seconds. */
  readonly seconds: number;
  /** When that was, milliseconds since 1970. */
  readonly since: number;
  /** It is under way, so the rest of it gets less. */
  readonly counts: boolean;
}

/** The rest of an estimate in words; it never says less than "any moment". */
export function WaitText({ seconds, since, counts }: WaitProps) {
  const t = useTranslations("desktops");
  const [now, setNow] = useState(since);
  useEffect(() => {
    if (!counts) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [counts]);
  const passed = counts ? Math.max(0, (now - since) / 1_000) : 0;
  return t("wait", { seconds: Math.max(0, Math.round(seconds - passed)) });
}
