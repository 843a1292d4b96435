"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Download, FileUp, RefreshCw } from "lucide-react";
import { useTranslations } from "next-intl";
import { useRef, useState } from "react";
import { toast } from "sonner";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { cn } from "@/app/_components/ui/cn";
import { Dialog } from "@/app/_components/ui/dialog";
import { Notice } from "@/app/_components/ui/notice";
import { useTRPCClient } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";
import { useFormats } from "@/app/_i18n/use-formats";
import { fetchFile, listFiles, sendFile, TransferEnded } from "./file-exchange";
import { saveBlob } from "./save-blob";
import type { Opening } from "./types";

interface FilesProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly opening: Opening;
  readonly onClosed: () => void;
}

const BYTES_PER_MIB = 1_048_576;

/** Files into the desktop and out of it, each way where the pool allows it. */
export function FilesDialog({ open, onOpenChange, opening, onClosed }: FilesProps) {
  const t = useTranslations("desktops.session");
  const { filesIn, filesOut } = opening.allows;
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t("files")} description={t("filesText")} wide onClosed={onClosed}>
      {filesIn ? <ToDesktop opening={opening} /> : <Notice title={t("filesIn")}>{t("filesForbidden")}</Notice>}
      {filesOut ? <FromDesktop opening={opening} /> : <Notice title={t("filesOut")}>{t("filesForbidden")}</Notice>}
    </Dialog>
  );
}

/** What a person reads when a file did not get through. */
function useFailure(): (error: unknown, name: string) => string {
  const t = useTranslations("desktops.session");
  const problem = useProblemText();
  return (error, name) => (error instanceof TransferEnded ? t(`filesFailed.${error.why}`, { name }) : problem(error));
}

/** A transfer under way: its file, and how much of it is there. */
interface Moving {
  readonly name: string;
  readonly share: number;
}

function Progress({ name, share }: Moving) {
  const t = useTranslations("desktops.session");
  const { percent } = useFormats();
  return (
    <div role="status" className="grid gap-1 text-xs text-muted">
      <span className="truncate">{t("filesSending", { name, percent: percent(share) })}</span>
      <progress aria-hidden value={share} max={1} className="h-1.5 w-full accent-accent" />
    </div>
  );
}

function ToDesktop({ opening }: { readonly opening: Opening }) {
  const t = useTranslations("desktops.session");
  const { slug: organization } = useOrganization();
  const { bytes } = useFormats();
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  const failure = useFailure();
  const chooser = useRef<HTMLInputElement>(null);
  const [moving, setMoving] = useState<Moving | null>(null);
  const [over, setOver] = useState(false);
  const { sessionId } = opening;
  const bring = async (files: readonly File[]): Promise<void> => {
    if (moving) return;
    for (const file of files) {
      setMoving({ name: file.name, share: 0 });
      try {
        const { url } = await client.desktops.fileTicket.mutate({ organization, sessionId, way: "in", name: file.name, sizeBytes: file.size });
        await sendFile(url, file, (share) => setMoving({ name: file.name, share }));
        toast.success(t("filesSent", { name: file.name }));
      } catch (error) {
        toast.error(failure(error, file.name));
      }
    }
    setMoving(null);
    await queryClient.invalidateQueries({ queryKey: ["desktop-files", sessionId] });
  };
  return (
    <section
      aria-label={t("filesIn")}
      className={cn("grid gap-3 rounded-lg border border-dashed p-4", over && "bg-raised")}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void bring([...event.dataTransfer.files]);
      }}
    >
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div>
          <h3 className="font-medium">{t("filesIn")}</h3>
          <p className="text-xs text-muted">{t("filesInHint", { limit: bytes(opening.allows.fileLimitMiB * BYTES_PER_MIB) })}</p>
        </div>
        <Button busy={moving !== null} onClick={() => chooser.current?.click()}>
          <FileUp aria-hidden />
          {t("filesChoose")}
        </Button>
      </div>
      <input
        ref={chooser}
        type="file"
        multiple
        hidden
        aria-label={t("filesChoose")}
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          // The same file may be chosen again.
          event.target.value = "";
          void bring(files);
        }}
      />
      {moving ? <Progress {...moving} /> : null}
    </section>
  );
}

function FromDesktop({ opening }: { readonly opening: Opening }) {
  const t = useTranslations("desktops.session");
  const { slug: organization } = useOrganization();
  const { bytes } = useFormats();
  const client = useTRPCClient();
  const failure = useFailure();
  const [moving, setMoving] = useState<Moving | null>(null);
  const { sessionId } = opening;
  const list = useQuery({
    queryKey: ["desktop-files", sessionId],
    queryFn: async () => listFiles((await client.desktops.fileTicket.mutate({ organization, sessionId, way: "list" })).url),
    retry: false,
    staleTime: 0,
  });
  const take = async (name: string): Promise<void> => {
    setMoving({ name, share: 0 });
    try {
      const { url } = await client.desktops.fileTicket.mutate({ organization, sessionId, way: "out", name });
      saveBlob(await fetchFile(url, (share) => setMoving({ name, share })), name);
    } catch (error) {
      toast.error(failure(error, name));
    }
    setMoving(null);
  };
  return (
    <section aria-label={t("filesOut")} className="grid gap-3 rounded-lg border p-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div>
          <h3 className="font-medium">{t("filesOut")}</h3>
          <p className="text-xs text-muted">{t("filesOutHint")}</p>
        </div>
        <Button variant="ghost" size="sm" busy={list.isFetching} onClick={() => void list.refetch()}>
          <RefreshCw aria-hidden />
          {t("filesLook")}
        </Button>
      </div>
      {list.isError ? <Notice kind="bad">{failure(list.error, t("files"))}</Notice> : null}
      {list.data?.length === 0 ? <p className="text-muted">{t("filesNone")}</p> : null}
      {list.data && list.data.length > 0 ? (
        <ul className="max-h-56 divide-y overflow-y-auto">
          {list.data.map(({ name, sizeBytes }) => (
            <li key={name} className="flex items-center gap-3 py-1.5">
              <span className="min-w-0 flex-1 truncate">{name}</span>
              <span className="numeric text-xs text-muted">{bytes(sizeBytes)}</span>
              <Button variant="ghost" size="iconSm" aria-label={t("filesSave", { name })} title={t("filesSave", { name })} disabled={moving !== null} onClick={() => void take(name)}>
                <Download aria-hidden />
              </Button>
            </li>
          ))}
        </ul>
      ) : null}
      {moving ? <Progress {...moving} /> : null}
    </section>
  );
}
