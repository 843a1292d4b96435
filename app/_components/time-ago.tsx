"use client";

import { useNow } from "next-intl";
import { useFormats } from "@/app/_i18n/use-formats";

/** How long ago, told again every ten seconds; the exact moment in the reader's zone on hover. */
export function TimeAgo({ at, className }: { readonly at: Date; readonly className?: string }) {
  const now = useNow({ updateInterval: 10_000 });
  const { ago, dateTime } = useFormats();
  // A clock a second ahead must not say "in 1 second".
  const shown = at.getTime() > now.getTime() && at.getTime() - now.getTime() < 60_000 ? now : at;
  return (
    <time dateTime={at.toISOString()} title={dateTime(at)} className={className} suppressHydrationWarning>
      {ago(shown, now)}
    </time>
  );
}

export function Moment({ at, className }: { readonly at: Date; readonly className?: string }) {
  const { dateTime } = useFormats();
  return (
    <time dateTime={at.toISOString()} className={className}>
      {dateTime(at)}
    </time>
  );
}
