"use client";

import { ArrowDown, ArrowUp, ChevronLeft, ChevronRight, Search } from "lucide-react";
import { useTranslations } from "next-intl";
import { useEffect, useState, type ReactNode } from "react";
import { Button } from "@/app/_components/ui/button";
import { cn } from "@/app/_components/ui/cn";
import { Input } from "@/app/_components/ui/field";
import { Th } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";

/** Long enough to type the next letter, short enough to feel at once. */
const TYPING_PAUSE_MS = 250;

export function SearchBox({ value, onChange, label }: { readonly value: string; readonly onChange: (value: string) => void; readonly label: string }) {
  // What is typed and not told yet, with the value that it was typed over: a change from elsewhere (Clear, a link) wins. Gone for good once the value
  // is another one, or Clear would bring back what was typed over nothing.
  const [draft, setDraft] = useState<{ readonly text: string; readonly over: string } | null>(null);
  if (draft !== null && draft.over !== value) setDraft(null);
  const text = draft?.over === value ? draft.text : value;
  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => onChange(text), TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);
  return (
    <div className="relative w-full sm:w-64">
      <Search aria-hidden className="absolute top-2 left-2.5 size-4 text-muted" />
      <Input type="search" aria-label={label} placeholder={label} className="pl-8" value={text} onChange={(event) => setDraft({ text: event.target.value, over: value })} />
    </div>
  );
}

interface SortableThProps {
  readonly active: boolean;
  readonly direction: "asc" | "desc";
  readonly onSort: () => void;
  readonly className?: string;
  readonly children: ReactNode;
}

export function SortableTh({ active, direction, onSort, className, children }: SortableThProps) {
  const Arrow = direction === "asc" ? ArrowUp : ArrowDown;
  return (
    <Th aria-sort={active ? (direction === "asc" ? "ascending" : "descending") : "none"} className={className}>
      <button type="button" onClick={onSort} className={cn("-mx-1 inline-flex items-center gap-1 rounded px-1 hover:text-ink", active && "text-ink")}>
        {children}
        <Arrow aria-hidden className={cn("size-3", !active && "opacity-0")} />
      </button>
    </Th>
  );
}

interface PagerProps {
  /** How many rows stand before this page. */
  readonly offset: number;
  readonly shown: number;
  readonly total: number;
  readonly onPrevious: (() => void) | null;
  readonly onNext: (() => void) | null;
}

export function Pager({ offset, shown, total, onPrevious, onNext }: PagerProps) {
  const t = useTranslations("common");
  const { number } = useFormats();
  return (
    <footer className="flex items-center justify-between gap-3 border-t px-4 py-2 text-xs text-muted">
      <span className="numeric">{t("range", { from: number(shown ? offset + 1 : 0), to: number(offset + shown), total: number(total) })}</span>
      <span className="flex gap-1">
        <Button variant="ghost" size="iconSm" aria-label={t("previous")} disabled={!onPrevious} onClick={() => onPrevious?.()}>
          <ChevronLeft aria-hidden />
        </Button>
        <Button variant="ghost" size="iconSm" aria-label={t("next")} disabled={!onNext} onClick={() => onNext?.()}>
          <ChevronRight aria-hidden />
        </Button>
      </span>
    </footer>
  );
}
