import { ChevronRight } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";

interface PageHeadProps {
  readonly title: ReactNode;
  readonly description?: ReactNode;
  /** Where this page hangs. */
  readonly parent?: { readonly href: string; readonly label: string };
  readonly badge?: ReactNode;
  readonly actions?: ReactNode;
}

export function PageHead({ title, description, parent, badge, actions }: PageHeadProps) {
  return (
    <header className="mb-5 flex flex-wrap items-end justify-between gap-x-4 gap-y-3">
      <div className="grid min-w-0 gap-1">
        {parent ? (
          <p className="flex items-center gap-1 text-xs text-muted">
            <Link href={parent.href} className="rounded hover:text-ink hover:underline">
              {parent.label}
            </Link>
            <ChevronRight aria-hidden className="size-3" />
          </p>
        ) : null}
        <div className="flex flex-wrap items-center gap-2.5">
          <h1 className="min-w-0 text-lg font-semibold tracking-tight break-words">{title}</h1>
          {badge}
        </div>
        {description ? <p className="max-w-2xl text-muted">{description}</p> : null}
      </div>
      {actions ? <div className="flex flex-wrap items-center gap-2">{actions}</div> : null}
    </header>
  );
}
