"use client";

import { useMutation } from "@tanstack/react-query";
import { PowerOff } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemToast } from "@/app/_trpc/use-problem-text";
import type { Opening } from "./types";
import { Panel } from "./waiting";

const REASONS = ["logged-off", "ended-by-admin", "idle", "session-limit", "new-version", "pool-deleted", "right-removed", "machine-deleted", "reset", "desktop-failed"] as const;

interface OverProps {
  /** Why it ended, as the server names it; null when it did not say. */
  readonly reason: string | null;
  /** There is no such use of a desktop, or it is somebody else's. */
  readonly gone: boolean;
  readonly message: string;
  /** How it stood when it was seen last. */
  readonly opening: Opening | null;
}

export function SessionOver({ reason, gone, message, opening }: OverProps) {
  const t = useTranslations("desktops.session");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const router = useRouter();
  const open = useMutation(trpc.desktops.open.mutationOptions({ onError: useProblemToast(), onSuccess: ({ sessionId }) => router.replace(`/o/${organization}/desktops/${sessionId}`) }));
  const known = REASONS.find((name) => name === reason);
  const ended = reason !== null || gone;
  return (
    <Panel
      icon={<PowerOff aria-hidden />}
      title={t(gone ? "lost" : "over")}
      actions={
        <>
          <Button asChild size="lg"><Link href={`/o/${organization}/desktops`}>{t("toList")}</Link></Button>
          {opening && ended ? <Button variant="primary" size="lg" busy={open.isPending} onClick={() => open.mutate({ organization, poolId: opening.poolId })}>{t("openAgain")}</Button> : null}
        </>
      }
    >
      {gone ? null : <p className="text-muted">{known ? t(`overText.${known}`) : reason === null ? message : t("overText.other")}</p>}
    </Panel>
  );
}
