"use client";

import { Check, Copy } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { toast } from "sonner";
import { Button, type ButtonProps } from "./button";

export function CopyButton({ text, label, ...rest }: Omit<ButtonProps, "onClick"> & { readonly text: string; readonly label?: string }) {
  const t = useTranslations("common");
  const [done, setDone] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setDone(true);
      setTimeout(() => setDone(false), 1500);
    } catch {
      // The clipboard needs https or loopback and the reader's permission.
      toast.error(t("copyFailed"));
    }
  };
  return (
    <Button variant="ghost" size={label ? "sm" : "iconSm"} aria-label={label ? undefined : t("copy")} onClick={() => void copy()} {...rest}>
      {done ? <Check aria-hidden /> : <Copy aria-hidden />}
      {label ? <span aria-live="polite">{done ? t("copied") : label}</span> : null}
    </Button>
  );
}

export function CodeBlock({ text }: { readonly text: string }) {
  return (
    <div className="relative rounded-md border bg-raised">
      <pre className="max-h-72 overflow-auto p-3 pr-11 font-mono text-xs leading-5 whitespace-pre-wrap break-all" tabIndex={0}>
        {text}
      </pre>
      <CopyButton text={text} className="absolute top-1.5 right-1.5" />
    </div>
  );
}
