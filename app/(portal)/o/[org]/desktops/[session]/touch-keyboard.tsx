"use client";

import { useTranslations } from "next-intl";
import { X } from "lucide-react";
import { useEffect, useRef } from "react";
import { Button } from "@/app/_components/ui/button";
import { keyOfName, keysOfLetter, type Layout, type RemoteKey } from "./keys";

interface TouchProps {
  /** Pressed together. */
  readonly onKeys: (keys: readonly RemoteKey[]) => void;
  /** Of the guest's keyboard. */
  readonly layout: Layout;
  readonly onClose: () => void;
}

/** A field that brings up the keyboard of a touch device, or takes text from an input method; what is typed into it goes to the desktop letter by letter. */
export function TouchKeyboard({ onKeys, layout, onClose }: TouchProps) {
  const t = useTranslations("desktops.session");
  const common = useTranslations("common");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const send = (input: HTMLInputElement): void => {
    for (const letter of input.value) onKeys(keysOfLetter(letter, layout));
    input.value = "";
  };
  return (
    <div className="absolute inset-x-0 bottom-0 flex items-center gap-2 border-t bg-surface p-2">
      <input
        ref={field}
        aria-label={t("keyboardInput")}
        placeholder={t("keyboardInput")}
        className="h-10 min-w-0 flex-1 rounded-md border border-line-strong bg-surface px-3 text-base"
        autoCapitalize="off"
        autoComplete="off"
        autoCorrect="off"
        spellCheck={false}
        enterKeyHint="enter"
        onInput={(event) => {
          const native = event.nativeEvent;
          // An input method is still choosing; it says so when it is done.
          if (!(native instanceof InputEvent && native.isComposing)) send(event.currentTarget);
        }}
        onCompositionEnd={(event) => send(event.currentTarget)}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          const key = keyOfName(event.key);
          if (!key || event.currentTarget.value !== "") return;
          event.preventDefault();
          onKeys([key]);
        }}
      />
      <Button variant="ghost" size="icon" aria-label={common("close")} onClick={onClose}>
        <X aria-hidden />
      </Button>
    </div>
  );
}
