"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useTRPC } from "@/app/_trpc/client";

/** Fetches everything about money again, for after a verb that changed some of it. */
export function useRefresh(): () => Promise<unknown> {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return () => Promise.all([queryClient.invalidateQueries(trpc.admin.billing.pathFilter()), queryClient.invalidateQueries(trpc.admin.payments.pathFilter())]);
}
