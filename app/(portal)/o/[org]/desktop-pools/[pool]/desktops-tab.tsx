"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Eraser, Eye, EyeOff, Monitor, UserPlus } from "lucide-react";
import { useTranslations } from "next-intl";
import Image from "next/image";
import Link from "next/link";
import { useState } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { Confirm } from "@/app/_components/confirm";
import { Loaded } from "@/app/_components/loaded";
import { useOrganization } from "@/app/_components/shell/viewer";
import { TimeAgo } from "@/app/_components/time-ago";
import { Badge, type Tone } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useTRPC } from "@/app/_trpc/client";
import { LOCALE_WORDS } from "../pool-fields";
import type { Pool } from "../pool-figures";
import { GiveDesktopDialog } from "./give-desktop-dialog";
import { usePictures } from "./use-pictures";

type Desktop = RouterOutputs["desktopPools"]["desktops"]["items"][number];
const TONES: Record<Desktop["state"], Tone> = { provisioning: "accent", ready: "good", "in-session": "good", disconnected: "warn", suspended: "neutral", resetting: "accent", retiring: "accent", retired: "neutral", failed: "bad" };
const PASSING: readonly Desktop["state"][] = ["provisioning", "resetting", "retiring"];
const REASONS = ["does-not-start", "does-not-run", "reset-failed", "new-version", "session-over", "asked", "pool-deleted", "pool-shrunk", "machine-deleted", "desktop-failed", "failed"] as const;
/** As server/desktop/state.ts has them. */
const MAY_BE_RESET: readonly Desktop["state"][] = ["ready", "in-session", "disconnected", "suspended", "failed"];

/** As server/desktop/unit/assign-desktop.ts has them. */
const MAY_BE_GIVEN: readonly Desktop["state"][] = ["provisioning", "ready", "suspended"];

export function DesktopsTab({ pool }: { readonly pool: Pool }) {
  const t = useTranslations("desktopPools");
  const common = useTranslations("common");
  const { slug: organization, may } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { shown, show, pictures } = usePictures(pool.id);
  const [wiping, setWiping] = useState<Desktop | null>(null);
  const [giving, setGiving] = useState<Desktop | null>(null);
  const query = useQuery(trpc.desktopPools.desktops.queryOptions({ organization, poolId: pool.id }));
  const reset = useMutation(trpc.desktopPools.reset.mutationOptions({ onSettled: () => queryClient.invalidateQueries(trpc.desktopPools.pathFilter()) }));
  return (
    <Card>
      <Loaded query={query}>
        {({ items }) => {
          const live = items.filter((one) => one.state !== "retired");
          if (live.length === 0) return <EmptyState icon={Monitor} title={t("desktops.empty")}>{t("desktops.emptyText")}</EmptyState>;
          return (
            <>
            {may("admin") ? (
              <div className="flex flex-wrap items-center justify-end gap-2 border-b px-3 py-2">
                {shown ? <p className="flex-1 text-xs text-muted">{t("desktops.screensHint")}</p> : null}
                <Button variant="ghost" size="sm" aria-pressed={shown} onClick={() => show(!shown)}>
                  {shown ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
                  {t(shown ? "desktops.hideScreens" : "desktops.showScreens")}
                </Button>
              </div>
            ) : null}
            <Table label={t("tabs.desktops")}>
              <thead>
                <tr>
                  <Th>{t("desktops.desktop")}</Th>
                  <Th>{common("status")}</Th>
                  <Th>{t("desktops.person")}</Th>
                  <Th className="hidden sm:table-cell">{t("rollOut.title")}</Th>
                  <Th className="hidden md:table-cell">{t("desktops.since")}</Th>
                  <Th><span className="sr-only">{common("actions")}</span></Th>
                </tr>
              </thead>
              <tbody>
                {live.map((desktop) => {
                  const reason = REASONS.find((name) => name === desktop.stateReason);
                  return (
                    <Tr key={desktop.id}>
                      <Td className="font-medium">{desktop.instanceId ? <Link href={`/o/${organization}/instances/${desktop.instanceId}`} className="hover:underline">{desktop.name}</Link> : desktop.name}
                        {shown ? <Screen picture={pictures.get(desktop.id) ?? null} label={t("desktops.screenOf", { name: desktop.name })} none={t("desktops.noScreen")} /> : null}
                      </Td>
                      <Td>
                        <Badge tone={TONES[desktop.state]} dot={PASSING.includes(desktop.state) ? "moving" : true}>{t(`states.${desktop.state}`)}</Badge>
                        {reason ? <span className="mt-0.5 block text-xs text-muted">{t(`reasons.${reason}`)}</span> : null}
                        <Told desktop={desktop} />
                      </Td>
                      <Td>
                        {desktop.assignedTo ? (
                          <>
                            {desktop.assignedTo.name}
                            <span className="block text-xs text-muted">{desktop.assignedTo.email}</span>
                          </>
                        ) : may("admin") && pool.kind === "persistent" && MAY_BE_GIVEN.includes(desktop.state) ? (
                          <Button variant="ghost" size="sm" className="-ml-2.5" aria-label={`${t("desktops.give")}: ${desktop.name}`} onClick={() => setGiving(desktop)}>
                            <UserPlus aria-hidden />
                            {t("desktops.give")}
                          </Button>
                        ) : (
                          <span className="text-muted">–</span>
                        )}
                      </Td>
                      <Td className="hidden sm:table-cell">
                        <span className="flex flex-wrap items-center gap-1.5">
                          {t("version", { number: desktop.versionNumber })}
                          {desktop.outdated ? <Badge tone="warn">{t("desktops.outdated")}</Badge> : null}
                        </span>
                      </Td>
                      <Td className="hidden whitespace-nowrap text-muted md:table-cell"><TimeAgo at={desktop.stateChangedAt} /></Td>
                      <Td className="w-10 text-right">
                        {may("admin") && MAY_BE_RESET.includes(desktop.state) ? (
                          <Button variant="ghost" size="sm" aria-label={`${t("desktops.reset")}: ${desktop.name}`} onClick={() => setWiping(desktop)}>
                            <Eraser aria-hidden />
                            {t("desktops.reset")}
                          </Button>
                        ) : null}
                      </Td>
                    </Tr>
                  );
                })}
              </tbody>
            </Table>
            </>
          );
        }}
      </Loaded>
      <GiveDesktopDialog desktop={giving} onClose={() => setGiving(null)} />
      <Confirm
        open={wiping !== null}
        onOpenChange={(open) => setWiping(open ? wiping : null)}
        title={t("desktops.resetAsk", { name: wiping?.name ?? "" })}
        description={`${t("desktops.resetText")} ${wiping?.assignedTo ? t("desktops.resetOwner", { name: wiping.assignedTo.name }) : ""}`}
        action={t("desktops.reset")}
        danger
        onConfirm={() => (wiping ? reset.mutateAsync({ organization, desktopId: wiping.id }) : Promise.resolve())}
      />
    </Card>
  );
}

interface ScreenProps {
  readonly picture: { readonly png: string; readonly takenAt: Date } | null;
  readonly label: string;
  readonly none: string;
}

/** What a desktop showed a moment ago, small. */
function Screen({ picture, label, none }: ScreenProps) {
  if (!picture) return <span className="mt-1.5 grid h-24 w-40 place-items-center rounded-md border border-dashed text-xs font-normal text-muted">{none}</span>;
  return (
    <figure className="mt-1.5 w-40">
      <Image unoptimized src={`data:image/png;base64,${picture.png}`} alt={label} width={320} height={200} className="h-auto w-full rounded-md border bg-black" />
      <figcaption className="mt-0.5 text-xs font-normal text-muted"><TimeAgo at={picture.takenAt} /></figcaption>
    </figure>
  );
}

const PARTS = ["locale", "keyboard", "fullName", "timeZone", "hostName"] as const;

/** The language and the keyboard that its guest took, and what it could not take, and why. */
function Told({ desktop: { personalisation, assignedTo } }: { readonly desktop: Desktop }) {
  const guest = useTranslations("guestLanguage");
  if (!personalisation || !assignedTo) return null;
  const { locale, keyboard, outcomes } = personalisation;
  const took = [...(outcomes.locale === "applied" ? [guest(`locales.${LOCALE_WORDS[locale]}`)] : []), ...(outcomes.keyboard === "applied" ? [guest(`keyboards.${keyboard}`)] : [])];
  const missing = PARTS.filter((part) => outcomes[part] !== "applied");
  return (
    <span className="mt-0.5 block text-xs text-muted">
      {took.join(" · ")}
      {missing.map((part) => <span key={part} className="block">{guest("notTaken", { part: guest(`parts.${part}`), why: guest(`outcomes.${outcomes[part]}`) })}</span>)}
    </span>
  );
}
