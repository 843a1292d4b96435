"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { LogOut, Monitor } from "lucide-react";
import { useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useState } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { useOrganization } from "@/app/_components/shell/viewer";
import { TimeAgo } from "@/app/_components/time-ago";
import { Badge, type Tone } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card } from "@/app/_components/ui/card";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemToast } from "@/app/_trpc/use-problem-text";
import { LogOffConfirm } from "./log-off-confirm";
import { WaitText } from "./wait-text";

type Desktop = RouterOutputs["desktops"]["mine"]["items"][number];
const TONES: Record<Desktop["state"], Tone> = { available: "neutral", open: "good", suspended: "neutral", starting: "accent", queued: "warn", unavailable: "bad" };

export function DesktopCard({ desktop, seenAt }: { readonly desktop: Desktop; readonly seenAt: number }) {
  const t = useTranslations("desktops");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const [leaving, setLeaving] = useState(false);
  const open = useMutation(
    trpc.desktops.open.mutationOptions({
      onError: useProblemToast(),
      onSuccess: (opening) => {
        queryClient.setQueryData(trpc.desktops.session.queryKey({ organization, sessionId: opening.sessionId }), opening);
        router.push(`/o/${organization}/desktops/${opening.sessionId}`);
      },
    }),
  );
  const { state, sessionId } = desktop;
  const moving = state === "starting" || state === "queued";
  return (
    <Card className="flex flex-col">
      <div className="grid flex-1 content-start gap-3 p-4">
        <div className="flex items-start justify-between gap-3">
          <span className="grid size-10 shrink-0 place-items-center rounded-lg bg-raised text-accent">
            <Monitor aria-hidden className="size-5" />
          </span>
          <Badge tone={TONES[state]} dot={moving ? "moving" : true}>{t(`states.${state}`)}</Badge>
        </div>
        <div className="grid gap-0.5">
          <h2 className="text-base font-semibold tracking-tight">{desktop.poolName}</h2>
          <p className="text-xs text-muted">{t(`kinds.${desktop.kind}`)}</p>
        </div>
        <div className="grid gap-0.5" aria-live="polite">
          <p>{t(`stateText.${state}`)}</p>
          {state === "queued" && desktop.place !== null ? <p className="font-medium">{t("place", { place: desktop.place })}</p> : null}
          {desktop.estimateSeconds !== null && (state === "starting" || state === "suspended") ? (
            <p className="numeric text-muted"><WaitText seconds={desktop.estimateSeconds} since={seenAt} counts={state === "starting"} /></p>
          ) : null}
        </div>
        {desktop.lastUsedAt && sessionId === null ? <p className="text-xs text-muted">{t("lastUsed")} <TimeAgo at={desktop.lastUsedAt} /></p> : null}
      </div>
      <div className="flex items-center gap-2 border-t p-3">
        <Button
          variant="primary"
          size="lg"
          className="flex-1"
          busy={open.isPending || open.isSuccess}
          disabled={state === "unavailable"}
          onClick={() => open.mutate({ organization, poolId: desktop.poolId })}
        >
          {t(state === "open" ? "goBack" : moving ? "show" : "open")}
        </Button>
        {sessionId === null ? null : (
          <Button size="lg" onClick={() => setLeaving(true)}>
            <LogOut aria-hidden />
            {t(state === "queued" ? "leaveQueue" : "logOff")}
          </Button>
        )}
      </div>
      {sessionId === null ? null : <LogOffConfirm open={leaving} onOpenChange={setLeaving} sessionId={sessionId} name={desktop.desktopName ?? desktop.poolName} kind={desktop.kind} queued={state === "queued"} />}
    </Card>
  );
}
