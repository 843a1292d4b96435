"use client";

import { useCallback, useEffect, useRef } from "react";
import { useOrganization } from "@/app/_components/shell/viewer";
import { useTRPCClient } from "@/app/_trpc/client";

/** A line has settled by then, and the middle of several round trips is known. */
const REPORT_AFTER_MS = 12_000;

/**
 * Tells once how long the screen took to come and how far away it is, so that operators see how sessions feel. A report that does not arrive is
 * lost: nobody's work hangs on it.
 */
export function useFeelReport(sessionId: string, connected: boolean, roundTripMs: number | null): { readonly asked: () => void; readonly seen: () => void } {
  const { slug: organization } = useOrganization();
  const client = useTRPCClient();
  const askedAt = useRef<number | null>(null);
  const connectMs = useRef<number | null>(null);
  const latest = useRef<number | null>(null);
  const told = useRef(false);
  useEffect(() => {
    latest.current = roundTripMs;
  }, [roundTripMs]);
  useEffect(() => {
    if (!connected || told.current) return undefined;
    const timer = setTimeout(() => {
      if (connectMs.current === null || latest.current === null) return;
      told.current = true;
      client.desktops.report.mutate({ organization, sessionId, connectMs: Math.round(connectMs.current), latencyMs: Math.round(latest.current) }).catch(() => undefined);
    }, REPORT_AFTER_MS);
    return () => clearTimeout(timer);
  }, [connected, client, organization, sessionId]);
  const asked = useCallback((): void => {
    askedAt.current = performance.now();
  }, []);
  const seen = useCallback((): void => {
    if (askedAt.current !== null && connectMs.current === null) connectMs.current = performance.now() - askedAt.current;
  }, []);
  return { asked, seen };
}
