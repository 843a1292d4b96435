"use client";

import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, TRPCClientError } from "@trpc/client";
import { createTRPCContext } from "@trpc/tanstack-react-query";
import { useState, type ReactNode } from "react";
import superjson from "superjson";
import type { AppRouter } from "@/server/api/root";
import { problemOf } from "./problem";

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

const URL = "/api/trpc";
/** Live changes say when data is old; this is only the net below them. */
const STALE_AFTER_MS = 60_000;

/** A session that ended elsewhere (signed out, revoked, expired) leads to the sign-in and back here. */
function leaveWhenSignedOut(error: unknown): void {
  const ended = problemOf(error)?.code === "unauthenticated" || (error instanceof TRPCClientError && error.data?.code === "UNAUTHORIZED");
  if (!ended || window.location.pathname.startsWith("/sign-in")) return;
  window.location.assign(`/sign-in?next=${encodeURIComponent(window.location.pathname + window.location.search)}`);
}

function makeQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: leaveWhenSignedOut }),
    mutationCache: new MutationCache({ onError: leaveWhenSignedOut }),
    defaultOptions: {
      queries: {
        staleTime: STALE_AFTER_MS,
        // A refusal stays a refusal; only a lost connection is worth another try.
        retry: (failures, error) => failures < 2 && problemOf(error) === null && !(error instanceof TRPCClientError && error.data),
      },
    },
  });
}

export function TrpcProvider({ children }: { readonly children: ReactNode }) {
  const [queryClient] = useState(makeQueryClient);
  const [client] = useState(() =>
    createTRPCClient<AppRouter>({
      links: [
        splitLink({
          condition: (operation) => operation.type === "subscription",
          true: httpSubscriptionLink({ url: URL, transformer: superjson }),
          false: httpBatchLink({ url: URL, transformer: superjson, maxURLLength: 4000 }),
        }),
      ],
    }),
  );
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={client} queryClient={queryClient}>
        {children}
      </TRPCProvider>
    </QueryClientProvider>
  );
}
