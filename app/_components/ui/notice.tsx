import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "./cn";

const LOOK = {
  info: { icon: Info, className: "border-line-strong bg-raised" },
  good: { icon: CircleCheck, className: "border-good/30 bg-good-soft [&_svg]:text-good" },
  warn: { icon: TriangleAlert, className: "border-warn/30 bg-warn-soft [&_svg]:text-warn" },
  bad: { icon: CircleAlert, className: "border-bad/30 bg-bad-soft [&_svg]:text-bad" },
} as const;

interface NoticeProps {
  readonly kind?: keyof typeof LOOK;
  readonly title?: ReactNode;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
  readonly className?: string;
}

/** A message inside a page; what is bad is read out at once. */
export function Notice({ kind = "info", title, children, action, className }: NoticeProps) {
  const { icon: Icon, className: look } = LOOK[kind];
  return (
    <div role={kind === "bad" ? "alert" : "status"} className={cn("flex items-start gap-2.5 rounded-md border px-3 py-2.5", look, className)}>
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="grid min-w-0 flex-1 gap-0.5">
        {title ? <p className="font-medium">{title}</p> : null}
        {children ? <div className="break-words text-ink/85">{children}</div> : null}
      </div>
      {action}
    </div>
  );
}
