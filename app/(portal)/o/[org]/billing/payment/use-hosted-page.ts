"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { usePathname } from "next/navigation";
import { useEffect, useState } from "react";
import type { RouterInputs } from "@/server/api/root";
import { useOrganization } from "@/app/_components/shell/viewer";
import { useTRPC } from "@/app/_trpc/client";

type Wanted = Pick<RouterInputs["billing"]["payment"]["requestLink"], "kind" | "amountMinor">;

/**
 * Asks for one of the payment provider's own pages and goes there once its address is known. The address comes with a
 * change of the topic `payment`, which fetches the link again.
 */
export function useHostedPage() {
  const trpc = useTRPC();
  const path = usePathname();
  const { slug: organization } = useOrganization();
  const [linkId, setLinkId] = useState<string | null>(null);
  const request = useMutation(trpc.billing.payment.requestLink.mutationOptions({ onSuccess: (link) => setLinkId(link.id) }));
  const link = useQuery(trpc.billing.payment.link.queryOptions({ organization, linkId: linkId ?? "" }, { enabled: linkId !== null, staleTime: 0 }));
  const url = link.data?.state === "ready" ? link.data.url : null;
  const failure = link.data?.state === "failed" ? (link.data.failure ?? "") : null;
  useEffect(() => {
    if (url) window.location.assign(url);
  }, [url]);
  useEffect(() => {
    // The back button of the browser brings this page as it was left: waiting for an address that was used already.
    const forget = (event: PageTransitionEvent): void => {
      if (event.persisted) setLinkId(null);
    };
    window.addEventListener("pageshow", forget);
    return () => window.removeEventListener("pageshow", forget);
  }, []);
  return {
    open: (wanted: Wanted) => {
      setLinkId(null);
      request.mutate({ ...wanted, organization, returnPath: path });
    },
    /** Which page is being fetched; null when none is. */
    busy: request.isPending || (linkId !== null && failure === null && !link.error) ? (request.variables?.kind ?? null) : null,
    error: request.error ?? link.error,
    /** Why the provider made no page, in its words. */
    failure,
  };
}
