"use client";

import type RFB from "@novnc/novnc";
import { useTranslations } from "next-intl";
import { useCallback, useEffect, useRef, useState, type RefObject } from "react";
import { toast } from "sonner";
import type { Opening } from "./types";

/** Characters either way; the gateway refuses a message of more than about a mebibyte. */
export const MOST_CHARACTERS = 200_000;

/**
 * The channel of the clipboard is plugged in when a screen is opened, and the agent in the guest finds it seconds later. QEMU tells it of no text that
 * was copied before, so what was sent is announced again, milliseconds after the screen came up.
 */
const ANNOUNCE_AGAIN_MS = [2_000, 5_000, 10_000, 20_000];

export interface GuestClipboard {
  readonly text: string;
  /** Characters that the guest really copied. */
  readonly length: number;
}

interface TwoWays {
  readonly guest: GuestClipboard | null;
  /** The guest copied this. */
  readonly received: (text: string) => void;
  /** Puts this on the guest's clipboard; it stays there over moves and reconnects until something else is copied. */
  readonly send: (text: string) => void;
}

/** Text between this computer and the desktop. What was copied inside last goes to this computer's clipboard where the browser lets it. */
export function useGuestClipboard({ clipboardOut }: Opening["allows"], screen: RefObject<RFB | null>, connected: boolean): TwoWays {
  const t = useTranslations("desktops.session");
  const [guest, setGuest] = useState<GuestClipboard | null>(null);
  const sent = useRef<string | null>(null);
  const received = useCallback(
    (text: string): void => {
      if (!clipboardOut || text === "") return;
      sent.current = null;
      const kept = text.slice(0, MOST_CHARACTERS);
      setGuest({ text: kept, length: text.length });
      // A page that is not in front may not write; the dialog has the text then.
      navigator.clipboard?.writeText(kept).then(
        () => toast.success(t("clipboardOutCopied"), { id: "guest-clipboard", duration: 2_000 }),
        () => undefined,
      );
    },
    [clipboardOut, t],
  );
  const announce = useCallback((): void => {
    if (sent.current !== null) screen.current?.clipboardPasteFrom(sent.current);
  }, [screen]);
  const send = useCallback(
    (text: string): void => {
      sent.current = text;
      announce();
    },
    [announce],
  );
  useEffect(() => {
    if (!connected) return undefined;
    const timers = ANNOUNCE_AGAIN_MS.map((delayMs) => setTimeout(announce, delayMs));
    return () => timers.forEach(clearTimeout);
  }, [connected, announce]);
  return { guest, received, send };
}
