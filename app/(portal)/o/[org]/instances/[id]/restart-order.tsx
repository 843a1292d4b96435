"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { X } from "lucide-react";
import { useLocale, useTranslations } from "next-intl";
import { useState } from "react";
import { toast } from "sonner";
import type { RouterOutputs } from "@/server/api/root";
import { MAX_START_AFTER, RESTART_PRIORITIES } from "@/server/compute/restart/schema";
import { Loaded } from "@/app/_components/loaded";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { Field, Select } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { listFormat } from "@/app/_components/use-words";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

type Order = RouterOutputs["instances"]["restartOrder"];

/** Who comes back before whom when a host is lost. */
export function RestartOrderForm({ instanceId }: { readonly instanceId: string }) {
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const query = useQuery(trpc.instances.restartOrder.queryOptions({ organization, instanceId }));
  return <Loaded query={query}>{(order) => <Form key={`${order.priority} ${order.startAfter.map((one) => one.id).join()}`} order={order} />}</Loaded>;
}

function Form({ order }: { readonly order: Order }) {
  const t = useTranslations("instance.restart");
  const common = useTranslations("common");
  const locale = useLocale();
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [priority, setPriority] = useState(order.priority);
  const [after, setAfter] = useState([...order.startAfter]);
  const save = useMutation(trpc.instances.setRestartOrder.mutationOptions({ onSuccess: () => toast.success(common("saved")), onSettled: () => queryClient.invalidateQueries(trpc.instances.restartOrder.pathFilter()) }));
  const free = order.candidates.filter((one) => !after.some((chosen) => chosen.id === one.id));
  return (
    <Card>
      <CardHead title={t("title")} description={t("text")} />
      <form className="grid gap-4 p-4" onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ organization, instanceId: order.instanceId, priority, startAfter: after.map((one) => one.id) });
      }}>
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t("priority")} hint={t("priorityHint")}>
            {(control) => <Select {...control} className="w-full" value={priority} onChange={(event) => setPriority(RESTART_PRIORITIES.find((one) => one === event.target.value) ?? priority)}>
              {RESTART_PRIORITIES.map((one) => <option key={one} value={one}>{t(`priorities.${one}`)}</option>)}
            </Select>}
          </Field>
          <Field label={t("after")} hint={t("afterHint", { most: MAX_START_AFTER })}>
            {(control) => <Select {...control} className="w-full" disabled={free.length === 0 || after.length >= MAX_START_AFTER} value="" onChange={(event) => {
              const chosen = free.find((one) => one.id === event.target.value);
              if (chosen) setAfter([...after, chosen]);
            }}>
              <option value="">{free.length === 0 ? t("nobody") : t("choose")}</option>
              {free.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
            </Select>}
          </Field>
        </div>
        {after.length > 0 ? (
          <ul className="flex flex-wrap gap-2" aria-label={t("after")}>
            {after.map((one) => (
              <li key={one.id} className="flex items-center gap-1 rounded-md border py-0.5 pr-0.5 pl-2.5">
                <span className="font-mono text-xs">{one.name}</span>
                <Button type="button" variant="ghost" size="iconSm" aria-label={t("remove", { name: one.name })} onClick={() => setAfter(after.filter((other) => other.id !== one.id))}>
                  <X aria-hidden className="size-3.5" />
                </Button>
              </li>
            ))}
          </ul>
        ) : null}
        <Notice title={t("effect")}>
          <ul className="list-disc pl-4">
            <li>{t("effects.wait")}</li>
            {order.startBefore.length > 0 ? <li>{t("effects.before", { names: listFormat(locale).format(order.startBefore.map((one) => one.name)) })}</li> : null}
            <li>{t("effects.best")}</li>
          </ul>
        </Notice>
        {save.error ? <Notice kind="bad">{problem(save.error)}</Notice> : null}
        <span><Button type="submit" variant="primary" busy={save.isPending}>{common("save")}</Button></span>
      </form>
    </Card>
  );
}
