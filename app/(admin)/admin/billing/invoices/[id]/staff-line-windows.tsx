"use client";

import { useQuery } from "@tanstack/react-query";
import { UsageWindows, type UsageWindow } from "@/app/_components/usage-windows";
import { timelineOf, WindowEvents } from "@/app/_components/window-events";
import { useTRPC } from "@/app/_trpc/client";

/** The windows behind a line of anybody's invoice, a held one too, down to what happened to the machine. */
export function StaffLineWindows({ invoiceId, lineId }: { readonly invoiceId: string; readonly lineId: string }) {
  const trpc = useTRPC();
  return <UsageWindows query={useQuery(trpc.admin.billing.invoiceLineWindows.queryOptions({ invoiceId, lineId }))}>{(window) => <Events window={window} />}</UsageWindows>;
}

function Events({ window }: { readonly window: UsageWindow }) {
  const trpc = useTRPC();
  return <WindowEvents window={window} query={useQuery(trpc.admin.billing.instanceEvents.queryOptions(timelineOf(window)))} more={<span className="font-mono">{window.instanceId}</span>} />;
}
