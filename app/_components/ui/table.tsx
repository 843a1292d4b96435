import type { ComponentProps } from "react";
import { cn } from "./cn";

/** A table that scrolls sideways inside its card on a narrow screen, with what only screen readers see in its cells. */
export function Table({ className, label, ...rest }: ComponentProps<"table"> & { readonly label: string }) {
  return (
    <div className="relative overflow-x-auto" role="region" aria-label={label} tabIndex={0}>
      <table className={cn("w-full border-collapse text-body", className)} {...rest} />
    </div>
  );
}

export function Th({ className, right, ...rest }: ComponentProps<"th"> & { readonly right?: boolean }) {
  return <th scope="col" className={cn("h-9 border-b bg-raised/60 px-4 text-left text-xs font-medium whitespace-nowrap text-muted", right && "text-right", className)} {...rest} />;
}

export function Td({ className, right, ...rest }: ComponentProps<"td"> & { readonly right?: boolean }) {
  return <td className={cn("h-11 border-b px-4 py-2 align-middle", right && "numeric text-right", className)} {...rest} />;
}

export function Tr({ className, ...rest }: ComponentProps<"tr">) {
  return <tr className={cn("last:[&>td]:border-b-0 hover:bg-raised/40", className)} {...rest} />;
}
