"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleCheck, Inbox } from "lucide-react";
import { useTranslations } from "next-intl";
import type { RouterOutputs } from "@/server/api/root";
import { Loaded } from "@/app/_components/loaded";
import { useStaff } from "@/app/_components/shell/viewer";
import { TimeAgo } from "@/app/_components/time-ago";
import { Badge, type Tone } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemToast } from "@/app/_trpc/use-problem-text";
import { MoneyFrame } from "../money-frame";

type Sync = RouterOutputs["admin"]["payments"]["syncState"];
const EVENT_STATES = ["new", "done", "kept", "stuck"] as const;
const TONES: Readonly<Record<(typeof EVENT_STATES)[number], Tone>> = { new: "accent", done: "good", kept: "neutral", stuck: "bad" };

/** What waits for Stripe, what is stuck there, and what came from it. */
export function SyncState() {
  const trpc = useTRPC();
  const query = useQuery(trpc.admin.payments.syncState.queryOptions());
  return (
    <MoneyFrame tab="sync">
      <Loaded query={query}>
        {(state) => (
          <div className="grid gap-4">
            <Summary state={state} />
            <Outbox pushes={state.pushes} />
            <Events inbox={state.inbox} />
          </div>
        )}
      </Loaded>
    </MoneyFrame>
  );
}

function Summary({ state: { pushes, inbox } }: { readonly state: Sync }) {
  const t = useTranslations("adminMoney.sync");
  const formats = useFormats();
  const stuck = pushes.filter((push) => push.state === "stuck").length;
  const many = (name: string): number => inbox.byState.find((one) => one.state === name)?.many ?? 0;
  const figures = [
    { label: t("waiting"), value: formats.number(pushes.length - stuck), bad: false },
    { label: t("stuck"), value: formats.number(stuck + many("stuck")), bad: stuck + many("stuck") > 0 },
    { label: t("unworked"), value: formats.number(many("new")), bad: false },
    { label: t("lastWebhook"), value: inbox.newestAt ? <TimeAgo at={inbox.newestAt} /> : t("never"), bad: false },
    { label: t("replayed"), value: inbox.replayedThrough ? <TimeAgo at={inbox.replayedThrough} /> : t("never"), bad: false },
  ];
  return (
    <Card>
      <dl className="grid grid-cols-2 gap-x-6 gap-y-4 p-4 md:grid-cols-5">
        {figures.map((figure) => (
          <div key={figure.label} className="grid content-start gap-0.5">
            <dt className="text-xs text-muted">{figure.label}</dt>
            <dd className={figure.bad ? "numeric text-base font-semibold text-bad" : "numeric text-base font-semibold"}>{figure.value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

function Outbox({ pushes }: { readonly pushes: Sync["pushes"] }) {
  const say = useWords();
  const t = useTranslations("adminMoney.sync");
  const common = useTranslations("common");
  const trpc = useTRPC();
  const staff = useStaff();
  const queryClient = useQueryClient();
  const retry = useMutation(trpc.admin.payments.retryPush.mutationOptions({ onError: useProblemToast(), onSettled: () => queryClient.invalidateQueries(trpc.admin.payments.pathFilter()) }));
  return (
    <Card>
      <CardHead title={t("outbox")} description={t("outboxText")} />
      {pushes.length === 0 ? (
        <EmptyState icon={CircleCheck} title={t("noPushes")}>{t("noPushesText")}</EmptyState>
      ) : (
        <Table label={t("outbox")}>
          <thead><tr><Th>{t("what")}</Th><Th>{common("status")}</Th><Th right className="hidden sm:table-cell">{t("attempts")}</Th><Th className="hidden md:table-cell">{t("nextTry")}</Th><Th>{t("error")}</Th>{staff.may("support") ? <Th>{common("actions")}</Th> : null}</tr></thead>
          <tbody>
            {pushes.map((push) => (
              <Tr key={push.id}>
                <Td><span className="font-medium">{t(`kinds.${push.kind}`)}</span><span className="block font-mono text-tiny text-muted">{push.subjectId}</span></Td>
                <Td><Badge dot={push.state === "waiting" ? "moving" : true} tone={push.state === "stuck" ? "bad" : "accent"}>{t(push.state === "stuck" ? "isStuck" : "isWaiting")}</Badge></Td>
                <Td right className="hidden sm:table-cell">{push.attempts}</Td>
                <Td className="hidden whitespace-nowrap text-muted md:table-cell">{push.state === "stuck" ? "–" : <TimeAgo at={push.notBefore} />}</Td>
                <Td className="max-w-md text-xs">{push.lastError === null ? "–" : say(push.lastErrorWords, push.lastError)}</Td>
                {staff.may("support") ? <Td><Button size="sm" busy={retry.isPending && retry.variables.pushId === push.id} onClick={() => retry.mutate({ pushId: push.id })}>{common("retry")}</Button></Td> : null}
              </Tr>
            ))}
          </tbody>
        </Table>
      )}
    </Card>
  );
}

function Events({ inbox }: { readonly inbox: Sync["inbox"] }) {
  const say = useWords();
  const t = useTranslations("adminMoney.sync");
  const common = useTranslations("common");
  const formats = useFormats();
  return (
    <Card>
      <CardHead
        title={t("inbox")}
        description={t("inboxText")}
        actions={EVENT_STATES.map((state) => ({ state, many: inbox.byState.find((one) => one.state === state)?.many ?? 0 })).filter(({ many }) => many > 0).map(({ state, many }) => <Badge key={state} tone={TONES[state]}>{`${t(`eventStates.${state}`)} ${formats.number(many)}`}</Badge>)}
      />
      {inbox.recent.length === 0 ? (
        <EmptyState icon={Inbox} title={t("noEvents")}>{t("noEventsText")}</EmptyState>
      ) : (
        <Table label={t("inbox")}>
          <thead><tr><Th>{t("received")}</Th><Th>{t("type")}</Th><Th className="hidden md:table-cell">{t("source")}</Th><Th>{common("status")}</Th><Th className="hidden lg:table-cell">{t("note")}</Th></tr></thead>
          <tbody>
            {inbox.recent.map((event) => (
              <Tr key={event.id}>
                <Td className="whitespace-nowrap text-muted"><TimeAgo at={event.receivedAt} /></Td>
                <Td><span className="font-mono text-xs">{event.type}</span><span className="block font-mono text-tiny text-muted">{event.objectId ?? event.id}</span></Td>
                <Td className="hidden md:table-cell">{t(`sources.${event.source}`)}</Td>
                <Td><Badge tone={TONES[event.state]}>{t(`eventStates.${event.state}`)}</Badge></Td>
                <Td className="hidden max-w-md text-xs text-muted lg:table-cell">{event.note === null ? "–" : say(event.noteWords, event.note)}</Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      )}
    </Card>
  );
}
