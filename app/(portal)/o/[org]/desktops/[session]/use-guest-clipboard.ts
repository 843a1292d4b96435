"use client";

import { useTranslations } from "next-intl";
import { useCallback, useState } from "react";
import { toast } from "sonner";
import type { Opening } from "./types";
import type { Told } from "./use-tell-event";

/** Characters either way; the gateway refuses a message of more than about a mebibyte. */
export const MOST_CHARACTERS = 200_000;

export interface GuestClipboard {
  readonly text: string;
  /** Characters that the guest really copied. */
  readonly length: number;
}

/** What was copied inside the desktop last; it goes to this computer's clipboard where the browser lets it. */
export function useGuestClipboard({ clipboardOut }: Opening["allows"], tell: (event: Told) => void): { readonly guest: GuestClipboard | null; readonly received: (text: string) => void } {
  const t = useTranslations("desktops.session");
  const [guest, setGuest] = useState<GuestClipboard | null>(null);
  const received = useCallback(
    (text: string): void => {
      if (!clipboardOut || text === "") return;
      const kept = text.slice(0, MOST_CHARACTERS);
      setGuest({ text: kept, length: text.length });
      tell({ kind: "clipboard-out", characters: text.length });
      // A page that is not in front may not write; the dialog has the text then.
      navigator.clipboard?.writeText(kept).then(
        () => toast.success(t("clipboardOutCopied"), { id: "guest-clipboard", duration: 2_000 }),
        () => undefined,
      );
    },
    [clipboardOut, t, tell],
  );
  return { guest, received };
}
