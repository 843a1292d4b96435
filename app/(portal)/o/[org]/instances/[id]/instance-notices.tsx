"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Notice } from "@/app/_components/ui/notice";
import { useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemToast } from "@/app/_trpc/use-problem-text";
import { offeredActions } from "../power-actions";
import { usePower } from "../use-power";
import { usePrice } from "../use-price";
import type { Instance } from "./types";

/** What is awaited in one sentence, then what each server lacks. */
function Waiting({ waiting }: { readonly waiting: Instance["waiting"] }) {
  const t = useTranslations("instance.notices");
  const say = useWords();
  if (!waiting) return <p>{t("waitingText")}</p>;
  const [first, ...rest] = waiting.words ?? [];
  if (!first) return <p>{waiting.text}</p>;
  return (
    <>
      <p>{say([first], waiting.text)}</p>
      {rest.length > 0 ? (
        <ul className="mt-1 list-disc pl-5">
          {rest.map((one, index) => <li key={index}>{say([one], "")}</li>)}
        </ul>
      ) : null}
    </>
  );
}

/** Before the button is pressed: what starting it changes. */
function StartPrice({ instance }: { readonly instance: Instance }) {
  const t = useTranslations("money.start");
  const formats = useFormats();
  const price = usePrice(instance);
  if (!price) return null;
  const said = (micros: number): { hour: string; month: string } => ({ hour: formats.perHour(micros, price.currency), month: formats.perMonth(micros, price.currency) });
  return (
    <Notice title={t("title")}>
      <p className="numeric">{t("running", said(price.runningMicros))}</p>
      <p className="numeric text-muted">{t("stopped", said(price.stoppedMicros))}</p>
    </Notice>
  );
}

/** What a reader should know before anything else on the page, each with what to do. */
export function InstanceNotices({ instance }: { readonly instance: Instance }) {
  const t = useTranslations("instance.notices");
  const actions = useTranslations("instance");
  const formats = useFormats();
  const { slug: organization, may } = useOrganization();
  const trpc = useTRPC();
  const say = useWords();
  const queryClient = useQueryClient();
  const power = usePower(instance.id);
  const restore = useMutation(
    trpc.instances.restore.mutationOptions({ onError: useProblemToast(), onSettled: () => queryClient.invalidateQueries(trpc.instances.pathFilter()) }),
  );
  const { status, statusReason, statusWords, waiting, pendingBootReason, pendingBootWords, deletedAt, purgeAfter } = instance;
  return (
    <div className="mb-4 grid gap-2 empty:hidden">
      {status === "waiting-for-capacity" ? (
        <Notice kind="warn" title={t("waitingTitle")}>
          <Waiting waiting={waiting} />
          {waiting?.smallestChange ? <p className="mt-1">{t("smallestChange", { change: say(waiting.changeWords, waiting.smallestChange) })}</p> : null}
        </Notice>
      ) : null}
      {status === "recovering" ? <Notice kind="warn" title={t("recoveringTitle")}>{t("recoveringText")}</Notice> : null}
      {status === "unreachable" ? <Notice kind="warn" title={t("unreachableTitle")}>{t("unreachableText")}</Notice> : null}
      {status === "crashed" || status === "error" ? <Notice kind="bad" title={t(`${status}Title`)}>{statusReason === null ? (instance.lastError ?? t("errorText")) : say(statusWords, statusReason)}</Notice> : null}
      {deletedAt && status !== "deleting" ? (
        <Notice
          kind="warn"
          title={t("trashTitle")}
          action={
            may("operator") ? (
              <Button size="sm" busy={restore.isPending} onClick={() => restore.mutate({ organization, instanceId: instance.id })}>
                {actions("restore")}
              </Button>
            ) : null
          }
        >
          {purgeAfter ? t("trashText", { at: formats.dateTime(purgeAfter) }) : null}
        </Notice>
      ) : null}
      {offeredActions(status).start && !deletedAt && may("operator") ? <StartPrice instance={instance} /> : null}
      {pendingBootReason && !deletedAt ? (
        <Notice
          title={t("bootTitle")}
          action={
            may("operator") && status === "running" ? (
              <Button size="sm" busy={power.busy} onClick={power.reboot}>
                {actions("reboot")}
              </Button>
            ) : null
          }
        >
          {say(pendingBootWords, pendingBootReason)}
        </Notice>
      ) : null}
    </div>
  );
}
