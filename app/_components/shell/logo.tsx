/** A ship's place at the quay, seen from above. */
export function Logo({ withName = true }: { readonly withName?: boolean }) {
  return (
    <span className="inline-flex items-center gap-2 font-semibold tracking-tight">
      <svg aria-hidden viewBox="0 0 32 32" className="size-6 shrink-0">
        <rect width="32" height="32" rx="7" className="fill-accent" />
        <path d="M7 12h18M7 12v5c0 5 4 8 9 8s9-3 9-8v-5M12 12V7m8 5V7" fill="none" className="stroke-accent-ink" strokeWidth="2.6" strokeLinecap="round" strokeLinejoin="round" />
      </svg>
      {withName ? <span className="text-[0.95rem]">Berth</span> : null}
    </span>
  );
}
