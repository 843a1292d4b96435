import Link from "next/link";
import { cn } from "@/app/_components/ui/cn";

interface SectionTabsProps {
  readonly label: string;
  readonly items: readonly { readonly href: string; readonly label: string; readonly here: boolean }[];
}

/** Pages that belong together, as a row of links that looks like tabs; each has an address of its own. */
export function SectionTabs({ label, items }: SectionTabsProps) {
  return (
    <nav aria-label={label} className="mb-4 flex gap-0.5 overflow-x-auto border-b sm:gap-1">
      {items.map((item) => (
        <Link
          key={item.href}
          href={item.href}
          aria-current={item.here ? "page" : undefined}
          className={cn("-mb-px inline-flex h-9 shrink-0 items-center border-b-2 px-2.5 font-medium focus-visible:-outline-offset-2 sm:px-3", item.here ? "border-accent text-ink" : "border-transparent text-muted hover:text-ink")}
        >
          {item.label}
        </Link>
      ))}
    </nav>
  );
}
