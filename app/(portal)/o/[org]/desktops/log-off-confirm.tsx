"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { Confirm } from "@/app/_components/confirm";
import { useOrganization } from "@/app/_components/shell/viewer";
import { useTRPC } from "@/app/_trpc/client";

interface LogOffProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly sessionId: string;
  readonly name: string;
  readonly kind: "persistent" | "floating";
  readonly queued: boolean;
  readonly onDone?: () => void;
}

/** Says before it is done what a log-off takes away. */
export function LogOffConfirm({ open, onOpenChange, sessionId, name, kind, queued, onDone }: LogOffProps) {
  const t = useTranslations("desktops");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const logOff = useMutation(trpc.desktops.logOff.mutationOptions({ onSuccess: onDone, onSettled: () => queryClient.invalidateQueries(trpc.desktops.pathFilter()) }));
  return (
    <Confirm
      open={open}
      onOpenChange={onOpenChange}
      title={queued ? t("leaveQueue") : t("logOffAsk", { name })}
      description={queued ? t("stateText.queued") : t(`logOffText.${kind}`)}
      action={t(queued ? "leaveQueue" : "logOff")}
      danger={!queued && kind === "floating"}
      onConfirm={() => logOff.mutateAsync({ organization, sessionId })}
    />
  );
}
