import type { ReactNode } from "react";
import { cn } from "./cn";

export type Tone = "neutral" | "good" | "warn" | "bad" | "accent";

const TONES: Record<Tone, string> = {
  neutral: "bg-raised text-muted",
  good: "bg-good-soft text-good",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  accent: "bg-accent-soft text-accent-strong",
};
const DOTS: Record<Tone, string> = { neutral: "bg-muted", good: "bg-good", warn: "bg-warn", bad: "bg-bad", accent: "bg-accent" };

interface BadgeProps {
  readonly tone?: Tone;
  /** A dot before the words; `moving` for a state that passes by itself. */
  readonly dot?: boolean | "moving";
  readonly title?: string;
  readonly className?: string;
  readonly children: ReactNode;
}

export function Badge({ tone = "neutral", dot, title, className, children }: BadgeProps) {
  return (
    <span title={title} className={cn("inline-flex items-center gap-1.5 rounded-full px-2 py-0.5 text-tiny font-medium whitespace-nowrap", TONES[tone], className)}>
      {dot ? <span aria-hidden className={cn("size-1.5 rounded-full", DOTS[tone], dot === "moving" && "animate-pulse-soft")} /> : null}
      {children}
    </span>
  );
}
