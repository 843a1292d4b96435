import { cn } from "./cn";

export function Skeleton({ className }: { readonly className?: string }) {
  return <span aria-hidden className={cn("block h-4 animate-pulse-soft rounded bg-raised", className)} />;
}

const WIDTHS = ["w-3/4", "w-1/2", "w-2/3", "w-5/6", "w-2/5"];

/** The shape of a list while its first rows are on their way. */
export function SkeletonRows({ rows = 5 }: { readonly rows?: number }) {
  return (
    <div className="grid gap-4 p-4" aria-busy>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} className={WIDTHS[row % WIDTHS.length] ?? "w-full"} />
      ))}
    </div>
  );
}
