"use client";

import { Hourglass, Loader, Monitor } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState, type ReactNode } from "react";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { LogOffConfirm } from "../log-off-confirm";
import { WaitText } from "../wait-text";
import type { Opening } from "./types";

interface PanelProps {
  readonly icon: ReactNode;
  readonly title: ReactNode;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}

/** What stands where the screen will be. */
export function Panel({ icon, title, children, actions }: PanelProps) {
  return (
    <div className="grid flex-1 place-items-center p-6 text-center" role="status">
      <div className="grid max-w-md justify-items-center gap-3">
        <span className="mb-1 grid size-14 place-items-center rounded-full bg-white/10 [&_svg]:size-6">{icon}</span>
        <p className="text-lg font-semibold tracking-tight">{title}</p>
        {children}
        {actions ? <div className="mt-3 flex flex-wrap justify-center gap-2">{actions}</div> : null}
      </div>
    </div>
  );
}

function ToList() {
  const t = useTranslations("desktops.session");
  const { slug } = useOrganization();
  return (
    <Button asChild size="lg">
      <Link href={`/o/${slug}/desktops`}>{t("toList")}</Link>
    </Button>
  );
}

export function Starting() {
  const t = useTranslations("common");
  return <Panel icon={<Loader aria-hidden className="animate-spin" />} title={t("loading")} />;
}

export function Coming({ opening, since }: { readonly opening: Opening; readonly since: number }) {
  const t = useTranslations("desktops.session");
  return (
    <Panel icon={<Monitor aria-hidden className="animate-pulse-soft" />} title={t(`coming.${opening.given}`)} actions={<ToList />}>
      <p className="text-muted">{t(`comingText.${opening.given}`)}</p>
      {opening.estimateSeconds === null ? null : (
        <>
          <p className="numeric text-2xl font-semibold tracking-tight"><WaitText seconds={opening.estimateSeconds} since={since} counts /></p>
          <p className="text-xs text-muted">{t("comingHint")}</p>
        </>
      )}
    </Panel>
  );
}

export function Queued({ opening }: { readonly opening: Opening }) {
  const t = useTranslations("desktops.session");
  const desktops = useTranslations("desktops");
  const { slug } = useOrganization();
  const router = useRouter();
  const [leaving, setLeaving] = useState(false);
  return (
    <Panel
      icon={<Hourglass aria-hidden />}
      title={t("queued")}
      actions={
        <>
          <ToList />
          <Button size="lg" onClick={() => setLeaving(true)}>{desktops("leaveQueue")}</Button>
        </>
      }
    >
      <p>{t("queuedText", { place: opening.place ?? 1 })}</p>
      <p className="text-xs text-muted">{t("queuedHint")}</p>
      <LogOffConfirm open={leaving} onOpenChange={setLeaving} sessionId={opening.sessionId} name={opening.poolName} kind={opening.kind} queued onDone={() => router.push(`/o/${slug}/desktops`)} />
    </Panel>
  );
}
