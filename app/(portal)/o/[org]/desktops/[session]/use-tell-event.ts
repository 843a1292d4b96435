"use client";

import { useCallback } from "react";
import { useOrganization } from "@/app/_components/shell/viewer";
import { useTRPCClient } from "@/app/_trpc/client";
import type { Opening } from "./types";

export type Told = { readonly kind: "screenshot" } | { readonly kind: "clipboard-out"; readonly characters: number };

/** Tells what only this page knows of a session whose events are recorded. What does not arrive is lost: the gateway's own record does not hang on it. */
export function useTellEvent({ sessionId, isRecorded }: Opening): (event: Told) => void {
  const { slug: organization } = useOrganization();
  const client = useTRPCClient();
  return useCallback(
    (event: Told): void => {
      if (isRecorded) client.desktops.tell.mutate({ organization, sessionId, ...event }).catch(() => undefined);
    },
    [client, organization, sessionId, isRecorded],
  );
}
