import type { RouterOutputs } from "@/server/api/root";
import type { BillLine } from "./bill-lines";
import { asWords } from "./use-words";

type Line = RouterOutputs["billing"]["invoice"]["lines"][number];
const METERS: readonly NonNullable<BillLine["meter"]>[] = ["instance", "storage", "address", "snapshot", "image", "desktop"];

/** A line of an issued invoice as the table of lines wants it; `flavors` are names by id. */
export function toBillLine(line: Line, flavors: ReadonlyMap<string, string>): BillLine {
  const text = (name: string): string | null => (typeof line.description[name] === "string" ? line.description[name] : null);
  const meter = METERS.find((known) => known === line.meter) ?? null;
  const name = line.kind === "manual" ? (text("text") ?? "") : (text("instanceName") ?? line.instanceId ?? text("label") ?? "");
  return { id: line.id, kind: line.kind, meter, name, label: text("label"), labelWords: asWords(line.description["labelWords"]), flavorName: flavors.get(line.flavorId ?? "") ?? null, microsPerHour: line.microsPerHour, quantityUnitMs: line.quantityUnitMs, amountMicros: line.amountMicros, windowCount: line.windowIds.length, priceVersionId: line.priceVersionId };
}
