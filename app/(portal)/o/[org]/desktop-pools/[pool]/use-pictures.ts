"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { useOrganization } from "@/app/_components/shell/viewer";
import { useTRPC } from "@/app/_trpc/client";

type Picture = RouterOutputs["desktopPools"]["pictures"]["items"][number];

/** Pictures are taken for a minute after somebody asked; whoever goes on looking asks again in time. */
const ASK_AGAIN_MS = 45_000;

/** Small pictures of a pool's desktops while they are shown; they come anew by the stream of changes. */
export function usePictures(poolId: string): { readonly shown: boolean; readonly show: (shown: boolean) => void; readonly pictures: ReadonlyMap<string, Picture> } {
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const [shown, show] = useState(false);
  const { mutate: watch } = useMutation(trpc.desktopPools.watch.mutationOptions());
  const query = useQuery(trpc.desktopPools.pictures.queryOptions({ organization, poolId }, { enabled: shown }));
  useEffect(() => {
    if (!shown) return undefined;
    const ask = (): void => watch({ organization, poolId });
    ask();
    const timer = setInterval(ask, ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [shown, watch, organization, poolId]);
  return { shown, show, pictures: new Map(shown ? (query.data?.items ?? []).map((picture) => [picture.desktopId, picture]) : []) };
}
