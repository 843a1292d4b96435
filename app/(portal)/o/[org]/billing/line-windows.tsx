"use client";

import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { useOrganization } from "@/app/_components/shell/viewer";
import { UsageWindows, type UsageWindow } from "@/app/_components/usage-windows";
import { timelineOf, WindowEvents } from "@/app/_components/window-events";
import { useTRPC } from "@/app/_trpc/client";

/** The windows behind a line of the current bill. */
export function DraftLineWindows({ lineKey }: { readonly lineKey: string }) {
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  return <UsageWindows query={useQuery(trpc.billing.lineWindows.queryOptions({ organization, key: lineKey }))}>{(window) => <Events window={window} />}</UsageWindows>;
}

/** The windows behind a line of an issued invoice. */
export function InvoiceLineWindows({ invoiceId, lineId }: { readonly invoiceId: string; readonly lineId: string }) {
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  return <UsageWindows query={useQuery(trpc.billing.invoiceLineWindows.queryOptions({ organization, invoiceId, lineId }))}>{(window) => <Events window={window} />}</UsageWindows>;
}

function Events({ window }: { readonly window: UsageWindow }) {
  const t = useTranslations("money.windows");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const query = useQuery(trpc.instances.timeline.queryOptions({ organization, ...timelineOf(window) }));
  return <WindowEvents window={window} query={query} more={<Link href={`/o/${organization}/instances/${window.instanceId}?tab=activity`} className="underline-offset-2 hover:underline">{t("toInstance")}</Link>} />;
}
