"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Disc3, Trash2, Upload } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { Confirm } from "@/app/_components/confirm";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useOrganization } from "@/app/_components/shell/viewer";
import { TimeAgo } from "@/app/_components/time-ago";
import { Badge, type Tone } from "@/app/_components/ui/badge";
import { UploadDialog } from "@/app/_components/upload-image-dialog";
import { Button } from "@/app/_components/ui/button";
import { Card } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";

type Image = RouterOutputs["images"]["list"][number];
const TONES: Record<Image["status"], Tone> = { importing: "accent", available: "good", failed: "bad", retired: "neutral" };

export function ImageList() {
  const t = useTranslations("images");
  const nav = useTranslations("nav");
  const common = useTranslations("common");
  const formats = useFormats();
  const say = useWords();
  const { slug: organization, may } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const query = useQuery(trpc.images.list.queryOptions({ organization }));
  const remove = useMutation(trpc.images.remove.mutationOptions({ onSettled: () => queryClient.invalidateQueries(trpc.images.pathFilter()) }));
  const begin = useMutation(trpc.images.beginUpload.mutationOptions());
  const [uploading, setUploading] = useState(false);
  const [removing, setRemoving] = useState<Image | null>(null);
  const prices = useQuery(trpc.catalog.prices.queryOptions({ organization }));
  /** Images are charged by the GiB that was begun. */
  const priceOf = (bytes: number): string | null => {
    const micros = prices.data?.imageGiBMicrosPerHour;
    if (!prices.data || micros === null || micros === undefined) return null;
    const charged = micros * Math.max(1, Math.ceil(bytes / 2 ** 30));
    return t("uploadPrice", { hour: formats.perHour(charged, prices.data.currency), month: formats.perMonth(charged, prices.data.currency) });
  };
  const upload = may("operator") ? (
    <Button variant="primary" onClick={() => setUploading(true)}>
      <Upload aria-hidden />
      {t("upload")}
    </Button>
  ) : null;
  return (
    <>
      <PageHead title={nav("images")} description={t("description")} actions={upload} />
      <Card>
        <Loaded query={query}>
          {(images) =>
            images.length === 0 ? (
              <EmptyState icon={Disc3} title={t("empty")} action={upload}>{t("emptyText")}</EmptyState>
            ) : (
              <Table label={nav("images")}>
                <thead>
                  <tr>
                    <Th>{common("name")}</Th>
                    <Th>{common("status")}</Th>
                    <Th className="hidden md:table-cell" right>{t("disk")}</Th>
                    <Th className="hidden sm:table-cell" right>{t("file")}</Th>
                    <Th className="hidden lg:table-cell" right>{t("memory")}</Th>
                    <Th className="hidden lg:table-cell">{common("created")}</Th>
                    <Th><span className="sr-only">{common("actions")}</span></Th>
                  </tr>
                </thead>
                <tbody>
                  {images.map((image) => (
                    <Tr key={image.id}>
                      <Td>
                        <span className="flex items-center gap-2 font-medium">
                          {image.name}
                          <Badge>{image.public ? t("public") : t("own")}</Badge>
                        </span>
                        {image.description ? <span className="block text-xs text-muted">{image.description}</span> : null}
                      </Td>
                      <Td>
                        <Badge tone={TONES[image.status]} dot={image.status === "importing" ? "moving" : true}>{t(`status.${image.status}`)}</Badge>
                        {image.statusReason && image.status !== "available" ? <span className="mt-1 block max-w-xs text-xs text-muted">{say(image.statusWords, image.statusReason)}</span> : null}
                      </Td>
                      <Td className="hidden md:table-cell" right>{image.virtualSizeMiB > 0 ? formats.mebibytes(image.virtualSizeMiB) : "–"}</Td>
                      <Td className="hidden sm:table-cell" right>{formats.bytes(image.sizeBytes)}</Td>
                      <Td className="hidden lg:table-cell" right>{formats.mebibytes(image.minimumMemoryMiB)}</Td>
                      <Td className="hidden whitespace-nowrap text-muted lg:table-cell"><TimeAgo at={image.createdAt} /></Td>
                      <Td className="w-10 text-right">
                        {!image.public && may("operator") ? (
                          <Button variant="ghost" size="iconSm" aria-label={`${common("remove")}: ${image.name}`} onClick={() => setRemoving(image)}>
                            <Trash2 aria-hidden />
                          </Button>
                        ) : null}
                      </Td>
                    </Tr>
                  ))}
                </tbody>
              </Table>
            )
          }
        </Loaded>
      </Card>
      <UploadDialog open={uploading} onOpenChange={setUploading} begin={(image) => begin.mutateAsync({ organization, ...image })} onSettled={() => queryClient.invalidateQueries(trpc.images.pathFilter())} priceOf={priceOf} />
      <Confirm
        open={removing !== null}
        onOpenChange={(open) => setRemoving(open ? removing : null)}
        title={t("removeAsk", { name: removing?.name ?? "" })}
        description={t("removeText")}
        action={common("remove")}
        danger
        onConfirm={() => (removing ? remove.mutateAsync({ organization, imageId: removing.id }) : Promise.resolve())}
      />
    </>
  );
}
