"use client";

import type { ComponentProps } from "react";
import { Select } from "@/app/_components/ui/field";

/** Every zone that the browser knows. */
const ZONES: readonly string[] = Intl.supportedValuesOf("timeZone");

export function TimeZoneSelect({ value, onChange, ...rest }: Omit<ComponentProps<"select">, "value" | "onChange"> & { readonly value: string; readonly onChange: (zone: string) => void }) {
  const zones = ZONES.includes(value) ? ZONES : [value, ...ZONES];
  return (
    // The server and the browser may know different zones: the list is the browser's.
    <Select {...rest} className="w-full" value={value} onChange={(event) => onChange(event.target.value)} suppressHydrationWarning>
      {zones.map((zone) => (
        <option key={zone} value={zone}>
          {zone}
        </option>
      ))}
    </Select>
  );
}
