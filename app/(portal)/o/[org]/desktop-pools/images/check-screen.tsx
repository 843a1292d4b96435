"use client";

import { useQuery } from "@tanstack/react-query";
import { ImageOff } from "lucide-react";
import { useTranslations } from "next-intl";
import Image from "next/image";
import { useState } from "react";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Dialog } from "@/app/_components/ui/dialog";
import { useTRPC } from "@/app/_trpc/client";
import type { Version } from "./golden-images";

/** The screen that the check of a version saw, small, and large when it is pressed. */
export function CheckScreen({ version }: { readonly version: Version }) {
  const t = useTranslations("desktopPools.images");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const [large, setLarge] = useState(false);
  const query = useQuery(trpc.desktopPools.screenshot.queryOptions({ organization, versionId: version.id }, { enabled: version.hasScreenshot, staleTime: Infinity }));
  const name = t("screenOf", { number: version.number, name: version.goldenImageName });
  if (!query.data) {
    return (
      <span className="grid h-20 w-32 place-items-center gap-1 rounded-md border bg-raised text-muted" title={t("noScreen")}>
        <ImageOff aria-hidden className="size-4" />
        <span className="sr-only">{t("noScreen")}</span>
      </span>
    );
  }
  // Versions that were checked before their size was noted have the usual one.
  const width = sizeOf(version, "widthPixels") ?? 1_280;
  const height = sizeOf(version, "heightPixels") ?? 800;
  const source = `data:image/png;base64,${query.data.png}`;
  return (
    <>
      <button type="button" aria-label={name} className="h-20 w-32 overflow-hidden rounded-md border bg-black" onClick={() => setLarge(true)}>
        <Image src={source} alt="" width={width} height={height} unoptimized className="size-full object-contain" />
      </button>
      <Dialog open={large} onOpenChange={setLarge} title={name} wide>
        <Image src={source} alt={name} width={width} height={height} unoptimized className="h-auto w-full rounded-md border" />
      </Dialog>
    </>
  );
}

function sizeOf({ checkDetail }: Version, side: "widthPixels" | "heightPixels"): number | null {
  const size = checkDetail?.[side];
  return typeof size === "number" ? size : null;
}
