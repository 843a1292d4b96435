"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Disc3, Plus } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { Confirm } from "@/app/_components/confirm";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useOrganization } from "@/app/_components/shell/viewer";
import { TimeAgo } from "@/app/_components/time-ago";
import { Badge, type Tone } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemToast } from "@/app/_trpc/use-problem-text";
import { AddVersionDialog } from "./add-version-dialog";
import { CheckScreen } from "./check-screen";

export type Version = RouterOutputs["desktopPools"]["goldenVersions"]["items"][number];
const TONES: Record<Version["state"], Tone> = { checking: "accent", checked: "warn", published: "good", failed: "bad", retired: "neutral" };
const FAILURES = ["no-answer", "blank-screen", "machine-deleted"] as const;

/** What desktops are made of, version by version, with what its check saw. */
export function GoldenImages() {
  const t = useTranslations("desktopPools.images");
  const nav = useTranslations("nav");
  const { slug: organization, may } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [adding, setAdding] = useState(false);
  const [retiring, setRetiring] = useState<Version | null>(null);
  const query = useQuery(trpc.desktopPools.goldenVersions.queryOptions({ organization }));
  const onSettled = (): Promise<void> => queryClient.invalidateQueries(trpc.desktopPools.pathFilter());
  const publish = useMutation(trpc.desktopPools.publishVersion.mutationOptions({ onError: useProblemToast(), onSettled }));
  const retire = useMutation(trpc.desktopPools.retireVersion.mutationOptions({ onSettled }));
  const add = may("admin") ? (
    <Button variant="primary" onClick={() => setAdding(true)}>
      <Plus aria-hidden />
      {t("add")}
    </Button>
  ) : null;
  return (
    <>
      <PageHead title={t("title")} description={t("description")} parent={{ href: `/o/${organization}/desktop-pools`, label: nav("desktopPools") }} actions={add} />
      <Loaded query={query}>
        {({ items }) => {
          const images = [...new Map(items.map((one) => [one.goldenImageId, one.goldenImageName]))];
          return (
            <>
              {images.length === 0 ? <Card><EmptyState icon={Disc3} title={t("empty")} action={add}>{t("emptyText")}</EmptyState></Card> : null}
              <div className="grid gap-4">
                {images.map(([id, name]) => (
                  <Card key={id}>
                    <CardHead title={name} />
                    <ul className="divide-y">
                      {items.filter((one) => one.goldenImageId === id).map((version) => (
                        <VersionRow
                          key={version.id}
                          version={version}
                          busy={publish.isPending && publish.variables.versionId === version.id}
                          onPublish={may("admin") ? () => publish.mutate({ organization, versionId: version.id }) : null}
                          onRetire={may("admin") ? () => setRetiring(version) : null}
                        />
                      ))}
                    </ul>
                  </Card>
                ))}
              </div>
              <AddVersionDialog open={adding} onOpenChange={setAdding} names={images.map(([, name]) => name)} />
            </>
          );
        }}
      </Loaded>
      <Confirm
        open={retiring !== null}
        onOpenChange={(open) => setRetiring(open ? retiring : null)}
        title={t("retireAsk", { number: retiring?.number ?? 0, name: retiring?.goldenImageName ?? "" })}
        description={t("retireText")}
        action={t("retire")}
        danger
        onConfirm={() => (retiring ? retire.mutateAsync({ organization, versionId: retiring.id }) : Promise.resolve())}
      />
    </>
  );
}

interface RowProps {
  readonly version: Version;
  readonly busy: boolean;
  readonly onPublish: (() => void) | null;
  readonly onRetire: (() => void) | null;
}

function VersionRow({ version, busy, onPublish, onRetire }: RowProps) {
  const t = useTranslations("desktopPools.images");
  const { duration } = useFormats();
  const { state, checkDetail } = version;
  const agentMs = typeof checkDetail?.["agentMs"] === "number" ? checkDetail["agentMs"] : null;
  const failure = FAILURES.find((name) => name === checkDetail?.["code"]);
  const reason = typeof checkDetail?.["reason"] === "string" ? checkDetail["reason"] : null;
  return (
    <li className="flex flex-wrap items-start gap-4 px-4 py-3">
      <CheckScreen version={version} />
      <div className="grid min-w-48 flex-1 gap-0.5">
        <p className="flex flex-wrap items-center gap-2 font-medium">
          {`${t("version")} ${version.number}`}
          <Badge tone={TONES[state]} dot={state === "checking" ? "moving" : true}>{t(`states.${state}`)}</Badge>
        </p>
        <p className="text-xs text-muted">{version.imageName} · <TimeAgo at={version.createdAt} />{agentMs !== null && state !== "failed" ? ` · ${t("agent", { time: duration(agentMs) })}` : ""}</p>
        {version.note ? <p>{version.note}</p> : null}
        {state === "failed" ? <p className="text-xs text-bad">{failure ? t(`failures.${failure}`) : reason}</p> : null}
      </div>
      <div className="flex gap-2">
        {onPublish && (state === "checked" || state === "retired") ? <Button size="sm" variant={state === "checked" ? "primary" : "secondary"} busy={busy} onClick={onPublish}>{t(state === "checked" ? "publish" : "republish")}</Button> : null}
        {onRetire && (state === "checked" || state === "published") ? <Button size="sm" onClick={onRetire}>{t("retire")}</Button> : null}
      </div>
    </li>
  );
}
