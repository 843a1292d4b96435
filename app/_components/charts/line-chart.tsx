"use client";

import { useId, useState, type PointerEvent } from "react";

export interface ChartPoint {
  readonly at: Date;
  readonly values: readonly number[];
}

interface LineChartProps {
  readonly title: string;
  readonly series: readonly string[];
  readonly points: readonly ChartPoint[];
  readonly formatValue: (value: number) => string;
  readonly formatTime: (at: Date) => string;
  /** The top of the scale, when it is known (all vCPUs, all memory); otherwise the largest value. */
  readonly max?: number;
  readonly empty: string;
  /** A longer stretch without a point leaves a hole instead of a line. Samples come each minute, so two and a half by default. */
  readonly gapMs?: number;
}

const WIDTH = 600;
const HEIGHT = 150;
const BOTTOM = 20;
const TOP = 8;
/** Minutes without a sample (the machine was off) leave a hole instead of a line. */
const GAP_MS = 150_000;
const STROKES = ["stroke-accent", "stroke-warn"];
const FILLS = ["fill-accent", "fill-warn"];

/** A scale that ends on 1, 2 or 5 times a power of ten. */
function niceCeiling(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

export function LineChart({ title, series, points, formatValue, formatTime, max, empty, gapMs = GAP_MS }: LineChartProps) {
  const id = useId();
  const [hover, setHover] = useState<number | null>(null);
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last || points.length < 2) {
    return (
      <figure className="grid gap-2">
        <figcaption className="font-medium">{title}</figcaption>
        <div className="grid h-36 place-items-center rounded-md border border-dashed px-4 text-center text-xs text-muted">{empty}</div>
      </figure>
    );
  }
  const top = max ?? niceCeiling(Math.max(...points.flatMap((point) => point.values)));
  const span = Math.max(1, last.at.getTime() - first.at.getTime());
  const x = (at: Date): number => ((at.getTime() - first.at.getTime()) / span) * WIDTH;
  const y = (value: number): number => TOP + (1 - Math.min(1, value / top)) * (HEIGHT - TOP - BOTTOM);
  const path = (index: number): string =>
    points
      .map((point, position) => {
        const before = points[position - 1];
        const jump = !before || point.at.getTime() - before.at.getTime() > gapMs;
        return `${jump ? "M" : "L"}${x(point.at).toFixed(1)} ${y(point.values[index] ?? 0).toFixed(1)}`;
      })
      .join("");
  const onMove = (event: PointerEvent<SVGSVGElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const wanted = first.at.getTime() + ((event.clientX - box.left) / box.width) * span;
    let nearest = 0;
    for (const [index, point] of points.entries()) {
      const best = points[nearest];
      if (best && Math.abs(point.at.getTime() - wanted) < Math.abs(best.at.getTime() - wanted)) nearest = index;
    }
    setHover(nearest);
  };
  const shown = points[hover ?? points.length - 1] ?? last;
  return (
    <figure className="grid gap-2">
      <figcaption className="flex flex-wrap items-baseline justify-between gap-x-3">
        <span className="font-medium">{title}</span>
        <span className="numeric flex gap-3 text-xs text-muted">
          {series.map((name, index) => (
            <span key={name} className="inline-flex items-center gap-1.5">
              {series.length > 1 ? (
                <svg aria-hidden className="size-2"><circle cx="4" cy="4" r="4" className={FILLS[index] ?? ""} /></svg>
              ) : null}
              {series.length > 1 ? `${name} ` : ""}
              {formatValue(shown.values[index] ?? 0)}
            </span>
          ))}
          <span>{formatTime(shown.at)}</span>
        </span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-labelledby={id} className="w-full touch-none overflow-visible" onPointerMove={onMove} onPointerLeave={() => setHover(null)}>
        <title id={id}>{`${title}: ${series.map((name, index) => `${name} ${formatValue(last.values[index] ?? 0)}`).join(", ")} (${formatTime(last.at)})`}</title>
        {[0, 0.5, 1].map((part) => (
          <g key={part}>
            <line x1={0} x2={WIDTH} y1={y(top * part)} y2={y(top * part)} className="stroke-line" />
            <text x={WIDTH} y={y(top * part) - 3} textAnchor="end" className="fill-muted text-[12px]">
              {formatValue(top * part)}
            </text>
          </g>
        ))}
        {series.map((name, index) => (
          <path key={name} d={path(index)} fill="none" strokeWidth={1.75} strokeLinejoin="round" className={STROKES[index] ?? ""} />
        ))}
        {hover !== null ? <line x1={x(shown.at)} x2={x(shown.at)} y1={TOP} y2={HEIGHT - BOTTOM} className="stroke-muted" strokeDasharray="3 3" /> : null}
        <text x={0} y={HEIGHT - 4} className="fill-muted text-[12px]">{formatTime(first.at)}</text>
        <text x={WIDTH} y={HEIGHT - 4} textAnchor="end" className="fill-muted text-[12px]">{formatTime(last.at)}</text>
      </svg>
    </figure>
  );
}
