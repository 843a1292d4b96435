"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Disc3, Trash2, Upload } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Confirm } from "@/app/_components/confirm";
import { Loaded } from "@/app/_components/loaded";
import { UploadDialog } from "@/app/_components/upload-image-dialog";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";

/** Images that every organization may start from. */
export function OfferedImages({ editable }: { readonly editable: boolean }) {
  const t = useTranslations("images");
  const nav = useTranslations("nav");
  const catalog = useTranslations("admin.catalog");
  const common = useTranslations("common");
  const formats = useFormats();
  const say = useWords();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const onSettled = (): Promise<void> => queryClient.invalidateQueries(trpc.admin.catalog.images.pathFilter());
  const query = useQuery(trpc.admin.catalog.images.queryOptions());
  const begin = useMutation(trpc.admin.catalog.beginImageUpload.mutationOptions());
  const remove = useMutation(trpc.admin.catalog.removeImage.mutationOptions({ onSettled }));
  const [uploading, setUploading] = useState(false);
  const [removing, setRemoving] = useState<{ readonly id: string; readonly name: string } | null>(null);
  return (
    <Card>
      <CardHead
        title={nav("images")}
        description={catalog("imagesText")}
        actions={editable ? <Button size="sm" onClick={() => setUploading(true)}><Upload aria-hidden />{t("upload")}</Button> : null}
      />
      <Loaded query={query}>
        {(images) =>
          images.length === 0 ? (
            <EmptyState icon={Disc3} title={t("empty")}>{t("emptyText")}</EmptyState>
          ) : (
            <Table label={nav("images")}>
              <thead><tr><Th>{common("name")}</Th><Th>{common("status")}</Th><Th right className="hidden sm:table-cell">{t("file")}</Th><Th right className="hidden md:table-cell">{t("memory")}</Th><Th><span className="sr-only">{common("actions")}</span></Th></tr></thead>
              <tbody>
                {images.map((image) => (
                  <Tr key={image.id}>
                    <Td><span className="font-medium">{image.name}</span>{image.description ? <span className="block text-xs text-muted">{image.description}</span> : null}</Td>
                    <Td><Badge tone={image.status === "available" ? "good" : image.status === "failed" ? "bad" : "neutral"} dot>{t(`status.${image.status}`)}</Badge>{image.statusReason && image.status !== "available" ? <span className="mt-1 block max-w-xs text-xs text-muted">{say(image.statusWords, image.statusReason)}</span> : null}</Td>
                    <Td right className="hidden sm:table-cell">{formats.bytes(image.sizeBytes)}</Td>
                    <Td right className="hidden md:table-cell">{formats.mebibytes(image.minimumMemoryMiB)}</Td>
                    <Td className="w-10 text-right">
                      {editable && image.public ? <Button variant="ghost" size="iconSm" aria-label={`${common("remove")}: ${image.name}`} onClick={() => setRemoving(image)}><Trash2 aria-hidden /></Button> : null}
                    </Td>
                  </Tr>
                ))}
              </tbody>
            </Table>
          )
        }
      </Loaded>
      <UploadDialog open={uploading} onOpenChange={setUploading} begin={(image) => begin.mutateAsync(image)} onSettled={onSettled} />
      <Confirm open={removing !== null} onOpenChange={(open) => setRemoving(open ? removing : null)} title={t("removeAsk", { name: removing?.name ?? "" })} description={t("removeText")} action={common("remove")} danger onConfirm={() => (removing ? remove.mutateAsync({ imageId: removing.id }) : Promise.resolve())} />
    </Card>
  );
}
