"use client";

import { EllipsisVertical, Pause, Play, RotateCw, Square, SquareTerminal } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import type { RouterOutputs } from "@/server/api/root";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Menu, MenuContent, MenuItem, MenuSeparator, MenuTrigger } from "@/app/_components/ui/menu";
import { offeredActions } from "./power-actions";
import { StartPriceLine } from "./price-line";
import { usePower } from "./use-power";

/** The quick actions of a row. */
export function InstanceMenu({ instance }: { readonly instance: RouterOutputs["instances"]["list"]["items"][number] }) {
  const t = useTranslations("instance");
  const { slug } = useOrganization();
  const power = usePower(instance.id);
  const offered = offeredActions(instance.status);
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button variant="ghost" size="iconSm" aria-label={t("actionsOf", { name: instance.name })}>
          <EllipsisVertical aria-hidden />
        </Button>
      </MenuTrigger>
      <MenuContent align="end">
        <MenuItem disabled={!offered.start} onSelect={power.start}>
          <Play aria-hidden />
          {t(instance.status === "suspended" ? "resume" : "start")}
        </MenuItem>
        {offered.start ? <StartPriceLine instanceId={instance.id} /> : null}
        <MenuItem disabled={!offered.stop} onSelect={power.stop}>
          <Square aria-hidden />
          {t("stop")}
        </MenuItem>
        <MenuItem disabled={!offered.suspend} onSelect={power.suspend}>
          <Pause aria-hidden />
          {t("suspend")}
        </MenuItem>
        <MenuItem disabled={!offered.reboot} onSelect={power.reboot}>
          <RotateCw aria-hidden />
          {t("reboot")}
        </MenuItem>
        <MenuSeparator />
        <MenuItem asChild disabled={instance.status !== "running"}>
          <Link href={`/o/${slug}/instances/${instance.id}?tab=console`}>
            <SquareTerminal aria-hidden />
            {t("tabs.console")}
          </Link>
        </MenuItem>
      </MenuContent>
    </Menu>
  );
}
