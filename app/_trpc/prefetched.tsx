import { dehydrate, HydrationBoundary, QueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { serverQueries } from "./server";

interface PrefetchedProps {
  /** What the page shows first, asked as the browser will ask it. One that fails is left out; the browser asks again and says why. */
  readonly queries: (trpc: ReturnType<typeof serverQueries>, client: QueryClient) => readonly Promise<void>[];
  readonly children: ReactNode;
}

/** A page that brings its first data with it, so that nothing grey flashes before it. */
export async function Prefetched({ queries, children }: PrefetchedProps) {
  const client = new QueryClient();
  await Promise.all(queries(serverQueries(client), client));
  return <HydrationBoundary state={dehydrate(client)}>{children}</HydrationBoundary>;
}
