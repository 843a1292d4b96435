import { z } from "zod";

const power = z.enum(["on", "off"]);

/** One change of the world or of what is wanted, `t` seconds after the beginning. */
const change = z.discriminatedUnion("do", [
  z.object({ t: z.number().min(0), do: z.literal("power"), host: z.string(), to: power }),
  z.object({ t: z.number().min(0), do: z.literal("network"), host: z.string(), to: power }),
  z.object({ t: z.number().min(0), do: z.literal("maintenance"), host: z.string(), to: power }),
  z.object({ t: z.number().min(0), do: z.literal("reboot"), host: z.string() }),
  z.object({ t: z.number().min(0), do: z.literal("migrate"), instance: z.string(), host: z.string() }),
  z.object({ t: z.number().min(0), do: z.literal("want"), instance: z.string(), to: power }),
]);

const rule = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("hosts"), instances: z.array(z.string()), hosts: z.array(z.object({ id: z.string(), priority: z.number().default(0) })), strict: z.boolean().default(false) }),
  z.object({ kind: z.literal("apart"), instances: z.array(z.string()) }),
  z.object({ kind: z.literal("together"), instances: z.array(z.string()) }),
]);

/** A history to play; what is expected of it, if anything, is left to whoever judges. */
export const scenarioInput = z.object({
  id: z.string(),
  hosts: z.array(z.object({ id: z.string() })).min(1),
  instances: z.array(z.object({ id: z.string(), host: z.string(), wanted: power, maxRestarts: z.number().default(1), maxRelocations: z.number().default(1) })),
  rules: z.array(rule).default([]),
  timeline: z.array(change),
  until: z.number().min(0),
});

export type Scenario = z.output<typeof scenarioInput>;
export type Change = Scenario["timeline"][number];

/** What really happened, `t` seconds after the beginning. */
export interface TruthEvent {
  readonly t: number;
  readonly kind: "vm_started" | "vm_stopped" | "migrate_end" | "host_killed" | "host_off" | "fence_ack" | "recover";
  readonly vm?: string;
  readonly host?: string;
  readonly from?: string;
  readonly to?: string;
}

export interface Played {
  readonly id: string;
  readonly events: readonly TruthEvent[];
}
