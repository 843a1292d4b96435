const scalar = (value: unknown): string => (typeof value === "number" ? String(Math.round(value * 1000) / 1000) : typeof value === "string" ? value : JSON.stringify(value));

/** A stored value as nested name and value pairs: readable without knowing its shape. */
export function Json({ value }: { readonly value: unknown }) {
  if (value === null || value === undefined) return <span className="text-muted">–</span>;
  if (typeof value !== "object") return <span className="numeric break-words">{scalar(value)}</span>;
  if (Array.isArray(value)) {
    const short = value.every((entry) => typeof entry !== "object");
    if (short) return <span className="break-words">{value.join(", ") || "–"}</span>;
    return (
      <ol className="grid gap-2">
        {value.map((entry, index) => (
          <li key={index} className="rounded-md border p-2"><Json value={entry} /></li>
        ))}
      </ol>
    );
  }
  return (
    <dl className="grid gap-x-4 gap-y-1">
      {Object.entries(value).map(([name, entry]) => (
        <div key={name} className={typeof entry === "object" && entry !== null ? "grid gap-1" : "flex flex-wrap gap-x-3"}>
          <dt className="text-xs leading-5 text-muted">{name}</dt>
          <dd className={typeof entry === "object" && entry !== null ? "border-l pl-3" : "min-w-0"}><Json value={entry} /></dd>
        </div>
      ))}
    </dl>
  );
}
