"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { OpenConsoles } from "@/app/_components/open-consoles";
import { useOrganization } from "@/app/_components/shell/viewer";
import { useTRPC } from "@/app/_trpc/client";

/** The open consoles of the organization's machines. */
export function MemberConsoles() {
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const query = useQuery(trpc.console.sessions.queryOptions({ organization }));
  const end = useMutation(trpc.console.end.mutationOptions({ onSettled: () => queryClient.invalidateQueries(trpc.console.pathFilter()) }));
  return <OpenConsoles className="mt-4" items={query.data?.items ?? []} onEnd={(consoleSessionId) => end.mutateAsync({ organization, consoleSessionId })} />;
}
