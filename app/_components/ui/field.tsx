"use client";

import { useId, type ComponentProps, type ReactNode } from "react";
import { cn } from "./cn";

export const controlClass =
  "w-full rounded-md border border-line-strong bg-surface px-2.5 text-body placeholder:text-muted/70 disabled:opacity-60 aria-invalid:border-bad focus-visible:outline-offset-0";

export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input className={cn(controlClass, "h-8", className)} {...rest} />;
}

export function Textarea({ className, ...rest }: ComponentProps<"textarea">) {
  return <textarea className={cn(controlClass, "min-h-20 py-1.5 leading-5", className)} {...rest} />;
}

/** The browser's own list: it works by keyboard, by touch and with screen readers. */
export function Select({ className, ...rest }: ComponentProps<"select">) {
  return <select className={cn(controlClass, "h-8 w-auto min-w-24 pr-7", className)} {...rest} />;
}

interface FieldProps {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly error?: ReactNode;
  readonly optional?: string;
  readonly className?: string;
  readonly children: (control: { id: string; "aria-invalid": boolean | undefined; "aria-describedby": string | undefined }) => ReactNode;
}

/** A labelled control with its hint and its error tied to it for screen readers. */
export function Field({ label, hint, error, optional, className, children }: FieldProps) {
  const id = useId();
  const note = error ?? hint;
  return (
    <div className={cn("grid content-start gap-1.5", className)}>
      <label htmlFor={id} className="flex items-baseline justify-between font-medium">
        <span>{label}</span>
        {optional ? <span className="text-tiny font-normal text-muted">{optional}</span> : null}
      </label>
      {children({ id, "aria-invalid": error ? true : undefined, "aria-describedby": note ? `${id}-note` : undefined })}
      {note ? (
        <p id={`${id}-note`} role={error ? "alert" : undefined} className={cn("text-xs", error ? "text-bad" : "text-muted")}>
          {note}
        </p>
      ) : null}
    </div>
  );
}

export function CheckboxLine({ label, hint, className, ...rest }: ComponentProps<"input"> & { readonly label: ReactNode; readonly hint?: ReactNode }) {
  return (
    <label className={cn("flex items-start gap-2", className)}>
      <input type="checkbox" className="mt-0.5 size-4 shrink-0 accent-accent" {...rest} />
      <span className="grid">
        <span>{label}</span>
        {hint ? <span className="text-xs text-muted">{hint}</span> : null}
      </span>
    </label>
  );
}
