"use client";

interface BarChartProps {
  readonly title: string;
  readonly bars: readonly { readonly label: string; readonly value: number }[];
  readonly formatValue: (value: number) => string;
  readonly empty: string;
  /** Fills a card of its own instead of a third of one. */
  readonly wide?: boolean;
}

const HEIGHT = 96;
const BOTTOM = 2;
const TOP = 4;

/** One bar a day; the exact number on hover, and as a list for screen readers. */
export function BarChart({ title, bars, formatValue, empty, wide }: BarChartProps) {
  const width = wide ? 720 : 320;
  const top = Math.max(0, ...bars.map((bar) => bar.value));
  const total = bars.reduce((sum, bar) => sum + bar.value, 0);
  const step = width / Math.max(1, bars.length);
  const first = bars[0];
  const last = bars.at(-1);
  return (
    <figure className="grid content-start gap-2">
      <figcaption className="flex items-baseline justify-between gap-2">
        <span className="font-medium">{title}</span>
        <span className="numeric text-xs text-muted">{formatValue(total)}</span>
      </figcaption>
      {top === 0 || !first || !last ? (
        <div className="grid h-28 place-items-center rounded-md border border-dashed px-4 text-center text-xs text-muted">{empty}</div>
      ) : (
        <>
          <svg viewBox={`0 0 ${width} ${HEIGHT}`} className="w-full" aria-hidden>
            <line x1={0} x2={width} y1={HEIGHT - BOTTOM} y2={HEIGHT - BOTTOM} className="stroke-line" />
            {bars.map((bar, index) => {
              const height = (bar.value / top) * (HEIGHT - TOP - BOTTOM);
              return (
                <rect key={bar.label} x={index * step + step * 0.12} width={Math.min(28, step * 0.76)} y={HEIGHT - BOTTOM - height} height={Math.max(bar.value > 0 ? 1 : 0, height)} rx={1.5} className="fill-accent hover:fill-accent-strong">
                  <title>{`${bar.label}: ${formatValue(bar.value)}`}</title>
                </rect>
              );
            })}
          </svg>
          <p aria-hidden className="-mt-1 flex justify-between text-tiny text-muted">
            <span>{first.label}</span>
            {bars.length > 1 ? <span>{last.label}</span> : null}
          </p>
          <ul className="sr-only">
            {bars.map((bar) => (
              <li key={bar.label}>{`${bar.label}: ${formatValue(bar.value)}`}</li>
            ))}
          </ul>
        </>
      )}
    </figure>
  );
}
