import { cva, type VariantProps } from "class-variance-authority";
import { Slot } from "radix-ui";
import type { ComponentProps } from "react";
import { cn } from "./cn";

export const buttonClass = cva(
  "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md text-body font-medium whitespace-nowrap transition-colors select-none disabled:pointer-events-none disabled:opacity-50 aria-disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0",
  {
    variants: {
      variant: {
        primary: "bg-accent text-accent-ink hover:bg-accent-strong",
        secondary: "border border-line-strong bg-surface hover:bg-raised",
        ghost: "hover:bg-raised",
        danger: "bg-bad text-surface hover:opacity-90",
        dangerOutline: "border border-bad/50 text-bad hover:bg-bad-soft",
        link: "h-auto px-0 text-accent underline-offset-4 hover:underline",
      },
      size: { md: "h-8 px-3", sm: "h-7 px-2.5 text-xs", lg: "h-10 px-4 text-sm", icon: "size-8", iconSm: "size-7" },
    },
    compoundVariants: [{ variant: "link", className: "h-auto px-0" }],
    defaultVariants: { variant: "secondary", size: "md" },
  },
);

export interface ButtonProps extends ComponentProps<"button">, VariantProps<typeof buttonClass> {
  /** Gives the look to the one child (a link, say) instead of a button. */
  readonly asChild?: boolean;
  /** Work is under way: the button waits and says so to screen readers. */
  readonly busy?: boolean;
}

export function Button({ className, variant, size, asChild, busy, disabled, type, ...rest }: ButtonProps) {
  const classes = cn(buttonClass({ variant, size }), busy && "animate-pulse-soft", className);
  if (asChild) return <Slot.Root className={classes} {...rest} />;
  return <button type={type ?? "button"} className={classes} disabled={disabled || busy} aria-busy={busy || undefined} {...rest} />;
}
