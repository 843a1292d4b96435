"use client";

import { MonitorUp, SquareTerminal } from "lucide-react";
import { useTranslations } from "next-intl";
import dynamic from "next/dynamic";
import { useState } from "react";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Notice } from "@/app/_components/ui/notice";
import { Skeleton } from "@/app/_components/ui/skeleton";
import type { Instance } from "./types";

const loading = () => <Skeleton className="h-[min(62vh,40rem)]" />;
// Half a megabyte of screen and terminal code that only this tab needs.
const VncConsole = dynamic(() => import("@/app/_components/console/vnc-console").then((module) => module.VncConsole), { ssr: false, loading });
const SerialConsole = dynamic(() => import("@/app/_components/console/serial-console").then((module) => module.SerialConsole), { ssr: false, loading });

/** States in which there is a guest to look at, or will be in a moment. */
const OFF = new Set<Instance["status"]>(["stopped", "deleted", "deleting", "error", "provisioning", "waiting-for-capacity"]);

export function ConsoleTab({ instance }: { readonly instance: Instance }) {
  const t = useTranslations("console");
  const { slug, may } = useOrganization();
  const [kind, setKind] = useState<"vnc" | "serial">("vnc");
  // A console is a keyboard inside the machine: others than operators get a ticket that only looks.
  const lookOnly = !may("operator");
  const options = { organization: slug, instanceId: instance.id, running: instance.console || !OFF.has(instance.status), lookOnly };
  return (
    <div className="grid gap-3">
      {lookOnly ? <Notice>{t("needsOperator")}</Notice> : null}
      <div className="flex gap-1" role="group">
        <Button aria-pressed={kind === "vnc"} variant={kind === "vnc" ? "secondary" : "ghost"} onClick={() => setKind("vnc")}>
          <MonitorUp aria-hidden />
          {t("vnc")}
        </Button>
        <Button aria-pressed={kind === "serial"} variant={kind === "serial" ? "secondary" : "ghost"} onClick={() => setKind("serial")}>
          <SquareTerminal aria-hidden />
          {t("serial")}
        </Button>
      </div>
      {kind === "vnc" ? <VncConsole {...options} /> : <SerialConsole {...options} />}
    </div>
  );
}
