"use client";

import { ChevronDown, MonitorUp, Pause, Play, Power, RotateCw, Scaling, Square, Zap } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Confirm } from "@/app/_components/confirm";
import { Button } from "@/app/_components/ui/button";
import { Menu, MenuContent, MenuItem, MenuTrigger } from "@/app/_components/ui/menu";
import { offeredActions } from "../power-actions";
import { usePower } from "../use-power";
import { ResizeDialog } from "./resize-dialog";
import type { Instance } from "./types";

export function InstanceActions({ instance, onConsole }: { readonly instance: Instance; readonly onConsole: () => void }) {
  const t = useTranslations("instance");
  const power = usePower(instance.id);
  const offered = offeredActions(instance.status);
  const [asking, setAsking] = useState<"stop" | "reset" | "resize" | null>(null);
  const close = (open: boolean): void => setAsking(open ? asking : null);
  if (instance.deletedAt) return null;
  return (
    <>
      <Button onClick={onConsole}>
        <MonitorUp aria-hidden />
        {t("tabs.console")}
      </Button>
      <Button onClick={() => setAsking("resize")}>
        <Scaling aria-hidden />
        {t("resize")}
      </Button>
      {offered.start ? (
        <Button variant="primary" busy={power.busy} onClick={power.start}>
          <Play aria-hidden />
          {t(instance.status === "suspended" ? "resume" : "start")}
        </Button>
      ) : null}
      {offered.stop ? (
        <Button busy={power.busy} onClick={power.stop}>
          <Square aria-hidden />
          {t("stop")}
        </Button>
      ) : null}
      <Menu>
        <MenuTrigger asChild>
          <Button aria-label={t("morePower")}>
            <Power aria-hidden />
            <ChevronDown aria-hidden />
          </Button>
        </MenuTrigger>
        <MenuContent align="end">
          <MenuItem disabled={!offered.suspend} onSelect={power.suspend}>
            <Pause aria-hidden />
            {t("suspend")}
          </MenuItem>
          <MenuItem disabled={!offered.reboot} onSelect={power.reboot}>
            <RotateCw aria-hidden />
            {t("reboot")}
          </MenuItem>
          <MenuItem disabled={!offered.reboot} danger onSelect={() => setAsking("reset")}>
            <Zap aria-hidden />
            {t("reset")}
          </MenuItem>
          <MenuItem disabled={!offered.stop && instance.status !== "stopping"} danger onSelect={() => setAsking("stop")}>
            <Power aria-hidden />
            {t("powerOff")}
          </MenuItem>
        </MenuContent>
      </Menu>
      <Confirm open={asking === "reset"} onOpenChange={close} title={t("resetTitle", { name: instance.name })} description={t("resetText")} action={t("reset")} danger onConfirm={() => power.resetNow()} />
      <Confirm open={asking === "stop"} onOpenChange={close} title={t("powerOffTitle", { name: instance.name })} description={t("powerOffText")} action={t("powerOff")} danger onConfirm={() => power.stopNow()} />
      <ResizeDialog instance={instance} open={asking === "resize"} onOpenChange={close} />
    </>
  );
}
