"use client";

import { useQuery } from "@tanstack/react-query";
import { Disc3 } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { Loaded } from "@/app/_components/loaded";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { choiceClass } from "./flavor-choice";

interface ImageChoiceProps {
  readonly value: string;
  /** Memory of the chosen size; null before one is chosen. */
  readonly memoryMiB: number | null;
  readonly onChange: (imageId: string) => void;
}

export function ImageChoice({ value, memoryMiB, onChange }: ImageChoiceProps) {
  const t = useTranslations("create");
  const images = useTranslations("images");
  const formats = useFormats();
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const query = useQuery(trpc.images.list.queryOptions({ organization }));
  return (
    <Loaded query={query}>
      {(list) => {
        const available = list.filter((image) => image.status === "available");
        if (available.length === 0) {
          return (
            <EmptyState icon={Disc3} title={t("noImages")} action={<Button asChild><Link href={`/o/${organization}/images`}>{images("upload")}</Link></Button>}>
              {t("noImagesText")}
            </EmptyState>
          );
        }
        return (
          <div role="radiogroup" aria-label={t("image")} className="grid gap-2.5 sm:grid-cols-2 xl:grid-cols-3">
            {available.map((image) => {
              const tooSmall = memoryMiB !== null && memoryMiB < image.minimumMemoryMiB;
              return (
                <label key={image.id} className={choiceClass}>
                  <input type="radio" name="image" className="sr-only" value={image.id} checked={value === image.id} disabled={tooSmall} onChange={() => onChange(image.id)} />
                  <span className="flex items-center justify-between gap-2">
                    <span className="font-medium">{image.name}</span>
                    {image.public ? null : <Badge>{images("own")}</Badge>}
                  </span>
                  <span className="text-xs text-muted">{image.description || formats.bytes(image.sizeBytes)}</span>
                  {tooSmall ? <span className="text-xs text-warn">{t("imageNeeds", { size: formats.mebibytes(image.minimumMemoryMiB) })}</span> : null}
                </label>
              );
            })}
          </div>
        );
      }}
    </Loaded>
  );
}
