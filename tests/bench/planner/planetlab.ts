import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { BenchResult, BenchRow } from "../types";
import { berthPolicy, SETTINGS } from "./support/berth-policy";
import { lowerBoundKWh } from "./support/bound";
import { DataCentre, INTERVAL, type Policy, type Rules } from "./support/data-centre";
import { dataFolder, readDay, unpackDay } from "./support/day";
import { dvfs, lrMmt, thrMmt } from "./support/peers";

type PolicyName = "npa" | "dvfs" | "thr-mmt" | "lr-mmt" | "berth";
const NAMES: readonly PolicyName[] = ["npa", "dvfs", "thr-mmt", "lr-mmt", "berth"];

/** What CloudSim 3.0.3 itself measured under its own rules: energy in kWh, migrations, ESV in thousandths. */
const REFERENCE: Record<string, Partial<Record<PolicyName, [number, number, number]>>> = {
  "20110303": { npa: [2410.8, 0, 0], dvfs: [802.75, 0, 0], "thr-mmt": [192.62, 26711, 6.125], "lr-mmt": [163.48, 27859, 7.585] },
  "20110322": { npa: [2410.8, 0, 0], dvfs: [1011.14, 0, 0], "thr-mmt": [201.7, 28902, 6.172], "lr-mmt": [177.48, 32038, 8.235] },
  "20110420": { "lr-mmt": [130.9, 24400, 8.901] },
};

/** The same steering under both rules; where memory binds and every move is real, it may move more, pack closer and relieve sooner. */
const BERTH_RULES = { ...SETTINGS, memoryBinds: true, movesPerInterval: 12, burst: 100, fill: 0.97, admitSigmas: 1, relieveAbove: 0.95, restAfterWake: 2 };

export interface Figures {
  energyKWh: number;
  migrations: number;
  slatah: number;
  pdm: number;
  slav: number;
  esv: number;
  meanHosts: number;
  memoryViolations: number;
  unserved: number;
  ms: number;
}

export function simulate(day: readonly Float64Array[], rules: Rules, name: PolicyName): Figures {
  const started = performance.now();
  const centre = new DataCentre(day, rules);
  const peers: Record<Exclude<PolicyName, "berth">, Policy> = { npa: dvfs, dvfs, "thr-mmt": thrMmt, "lr-mmt": lrMmt };
  centre.run(name === "berth" ? berthPolicy(centre, rules === "berth" ? BERTH_RULES : SETTINGS) : peers[name]);
  const results = centre.results();
  // Without power awareness every host burns its maximum from the first second to the last decision.
  if (name === "npa") {
    results.energyKWh = (centre.nodes.reduce((sum, node) => sum + node.type.watts[10]!, 0) * INTERVAL * 287) / 3_600_000;
    results.meanHosts = centre.nodes.length;
  }
  return { ...results, ms: performance.now() - started };
}

function option(args: readonly string[], name: string): string | undefined {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args[at + 1];
}

function one(traces: string, rules: Rules, policy: PolicyName): BenchResult & Figures {
  const day = readDay(traces);
  const figures = simulate(day, rules, policy);
  const rows: BenchRow[] = [
    { label: `${rules} rules, ${policy}: energy`, value: figures.energyKWh, unit: "kWh" },
    { label: "migrations", value: figures.migrations, unit: "" },
    { label: "SLATAH", value: figures.slatah * 100, unit: "%" },
    { label: "PDM", value: figures.pdm * 100, unit: "%" },
    { label: "ESV", value: figures.esv * 1000, unit: "1e-3" },
    { label: "hosts awake on average", value: figures.meanHosts, unit: "" },
    { label: "memory violations", value: figures.memoryViolations, unit: "" },
  ];
  return { name: "planetlab", rows, raw: figures, ...figures };
}

/** A PlanetLab day under CloudSim's rules or ours. Without --traces: the days beside the checkout, with every goal. */
export function run(options: { args: readonly string[] }): Promise<BenchResult> {
  const { args } = options;
  const traces = option(args, "--traces");
  const rules: Rules = option(args, "--rules") === "berth" ? "berth" : "cloudsim";
  const policy = NAMES.find((name) => name === (option(args, "--policy") ?? "berth"));
  if (policy === undefined) throw new Error(`--policy must be one of ${NAMES.join(", ")}`);
  if (traces !== undefined) return Promise.resolve(one(traces, rules, policy));
  const shared = dataFolder("planetlab");
  if (shared === null) return Promise.resolve({ name: "planetlab", rows: [{ label: "skipped: no traces (give --traces DIR)", value: 0, unit: "" }], raw: null });
  const rows: BenchRow[] = [];
  const raw: Record<string, Figures> = {};
  for (const file of readdirSync(shared).filter((name) => name.endsWith(".tar.gz"))) {
    const date = file.slice(0, 8);
    const day = readDay(unpackDay(join(shared, file)));
    const reference = REFERENCE[date] ?? {};
    for (const name of NAMES.slice(0, 4)) {
      const figures = simulate(day, "cloudsim", name);
      raw[`${date} cloudsim ${name}`] = figures;
      const known = reference[name];
      if (known === undefined) continue;
      const off = Math.max(Math.abs(figures.energyKWh / known[0] - 1), known[1] === 0 ? 0 : Math.abs(figures.migrations / known[1] - 1));
      rows.push({ label: `${date} cloudsim ${name}: energy and migrations against the original`, value: off * 100, unit: "% off", goal: "<= 2", held: off <= 0.02 });
      if (known[2] > 0) rows.push({ label: `${date} cloudsim ${name}: ESV against the original`, value: ((figures.esv * 1000) / known[2] - 1) * 100, unit: "% off", goal: "within 2", held: Math.abs((figures.esv * 1000) / known[2] - 1) <= 0.02 });
    }
    const peer = reference["lr-mmt"];
    const port = raw[`${date} cloudsim lr-mmt`]!;
    const [energy, migrations, esv] = peer ?? [port.energyKWh, port.migrations, port.esv * 1000];
    const ours = simulate(day, "cloudsim", "berth");
    raw[`${date} cloudsim berth`] = ours;
    rows.push({ label: `${date} cloudsim berth: energy / LR-MMT`, value: ours.energyKWh / energy, unit: `x (${ours.energyKWh.toFixed(1)} kWh)`, goal: "<= 0.80", held: ours.energyKWh <= 0.8 * energy });
    rows.push({ label: `${date} cloudsim berth: migrations / LR-MMT`, value: ours.migrations / migrations, unit: `x (${ours.migrations})`, goal: "<= 0.10", held: ours.migrations <= 0.1 * migrations });
    rows.push({ label: `${date} cloudsim berth: ESV / LR-MMT`, value: (ours.esv * 1000) / esv, unit: "x", goal: "<= 0.05", held: ours.esv * 1000 <= 0.05 * esv });
    const bound = lowerBoundKWh(day, 40_960);
    const strict = simulate(day, "berth", "berth");
    raw[`${date} berth berth`] = strict;
    rows.push({ label: `${date} berth rules: energy / lower bound`, value: strict.energyKWh / bound, unit: `x (${strict.energyKWh.toFixed(1)} of ${bound.toFixed(1)})`, goal: "<= 1.30", held: strict.energyKWh <= 1.3 * bound });
    rows.push({ label: `${date} berth rules: migrations`, value: strict.migrations, unit: "", goal: "<= 4000", held: strict.migrations <= 4000 });
    rows.push({ label: `${date} berth rules: memory violations`, value: strict.memoryViolations, unit: "", goal: "= 0", held: strict.memoryViolations === 0 });
    if (args.includes("--quick")) continue;
    const strictPeer = simulate(day, "berth", "lr-mmt");
    raw[`${date} berth lr-mmt`] = strictPeer;
    rows.push({ label: `${date} berth rules: ESV / LR-MMT`, value: strict.esv / strictPeer.esv, unit: `x (peer ${strictPeer.energyKWh.toFixed(0)} kWh, ${strictPeer.migrations} moves)`, goal: "<= 0.05", held: strict.esv <= 0.05 * strictPeer.esv });
  }
  return Promise.resolve({ name: "planetlab", rows, raw });
}
