import { readFileSync } from "node:fs";
import { z } from "zod";
import { computeEnergy } from "./rules";

const USAGE = "Usage: npm run energy -- verify FILE\nComputes a downloaded energy report again from its readings, curves, moves and wakes, without any network.\n";

const number = z.number();
const energyFile = z.object({
  format: z.literal("berth-energy-1"),
  report: z.object({ from: z.string(), to: z.string(), usedKwh: number, withoutSleepKwh: number, movesKwh: number, savedKwh: number, savedMicros: number, currency: z.string(), savedCarbonGrams: number }),
  inputs: z.object({
    hosts: z.array(z.object({ hostId: z.string(), name: z.string(), cores: number, curve: z.object({ watts: z.array(number), asleepWatts: number }) })),
    moves: z.array(z.object({ fromHostId: z.string(), toHostId: z.string(), seconds: number })),
    wakes: z.array(z.object({ hostId: z.string(), seconds: number })),
    electricityMicrosPerKwh: number,
    carbonGramsPerKwh: number,
  }),
  readings: z.array(z.object({ minuteMs: number, hostId: z.string(), watts: number, asleep: z.boolean(), cpuFraction: number.nullable() })),
});

/** Sums of floating-point figures in another order may differ in the last digits. */
const SAME = 1e-9;

/** What a file comes to when it is computed again, and the figures that differ from what it says. */
export function recomputeEnergy(text: string): { readonly lines: readonly string[]; readonly differences: readonly string[] } {
  const { report, inputs, readings } = energyFile.parse(JSON.parse(text));
  const energy = computeEnergy({ readings, hosts: inputs.hosts, moves: inputs.moves, wakes: inputs.wakes });
  const again = { ...energy, savedMicros: Math.round(energy.savedKwh * inputs.electricityMicrosPerKwh), savedCarbonGrams: energy.savedKwh * inputs.carbonGramsPerKwh };
  const names = ["usedKwh", "withoutSleepKwh", "movesKwh", "savedKwh", "savedMicros", "savedCarbonGrams"] as const;
  const differences = names.filter((name) => Math.abs(again[name] - report[name]) > Math.max(SAME, Math.abs(report[name]) * SAME) + (name === "savedMicros" ? 1 : 0)).map((name) => `${name}: the file says ${report[name]}, its inputs come to ${again[name]}`);
  return {
    lines: [`${report.from} to ${report.to}: ${readings.length} readings of ${inputs.hosts.length} hosts, ${inputs.moves.length} moves, ${inputs.wakes.length} wakes`, ...names.map((name) => `  ${name.padEnd(18)} ${again[name]}`)],
    differences,
  };
}

function main(args: readonly string[]): number {
  const [command, file] = args;
  if (command !== "verify" || file === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  try {
    const { lines, differences } = recomputeEnergy(readFileSync(file, "utf8"));
    process.stdout.write(`${differences.length === 0 ? "VERIFIED. Computed again, every figure is the same." : "NOT VERIFIED."}\n${[...lines, ...differences].join("\n")}\n`);
    return differences.length === 0 ? 0 : 1;
  } catch (error) {
    process.stderr.write(`The file could not be computed again: ${error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
}

if (process.argv[1]?.endsWith("verify-energy.ts")) process.exitCode = main(process.argv.slice(2));
