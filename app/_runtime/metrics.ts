import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { ProcedureOutcome } from "@/server/api/context";
import { runtime } from "./index";

interface Metrics {
  readonly registry: Registry;
  readonly procedures: Histogram<"procedure" | "type" | "code">;
  readonly signIns: Counter<"outcome">;
  readonly webhooks: Counter<"outcome">;
}

declare global {
  var berthMetrics: Metrics | undefined;
}

function metrics(): Metrics {
  globalThis.berthMetrics ??= createMetrics();
  return globalThis.berthMetrics;
}

function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: "berth_web_" });
  const registers = [registry];
  new Gauge({
    name: "berth_web_database_connections",
    help: "Connections of this process to Postgres by state; waiting is requests in line for one.",
    labelNames: ["state"],
    registers,
    collect() {
      const { pool } = runtime().db;
      this.set({ state: "open" }, pool.totalCount);
      this.set({ state: "idle" }, pool.idleCount);
      this.set({ state: "waiting" }, pool.waitingCount);
    },
  });
  return {
    registry,
    procedures: new Histogram({
      name: "berth_web_procedure_seconds",
      help: "Time of a tRPC procedure by its name and its answer.",
      labelNames: ["procedure", "type", "code"],
      // The goal for an order and for a long list is 0.15 s (p95); the buckets stand close around it.
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    webhooks: new Counter({ name: "berth_web_payment_webhooks_total", help: "Deliveries of the payment provider by what came of them.", labelNames: ["outcome"], registers }),
    signIns: new Counter({ name: "berth_web_sign_ins_total", help: "Attempts to sign in by outcome.", labelNames: ["outcome"], registers }),
  };
}

/** One finished procedure. The name comes from the router, never from the request, so that labels stay few. */
export function countProcedure(outcome: ProcedureOutcome): void {
  metrics().procedures.observe({ procedure: outcome.path, type: outcome.type, code: outcome.code }, outcome.durationMs / 1000);
}

export function countSignIn(outcome: "ok" | "wrong" | "rate-limited" | "failed"): void {
  metrics().signIns.inc({ outcome });
}

export function countWebhook(outcome: "taken" | "repeated" | "refused" | "failed"): void {
  metrics().webhooks.inc({ outcome });
}

/** Everything in Prometheus' text format. */
export async function renderMetrics(): Promise<{ readonly text: string; readonly contentType: string }> {
  const { registry } = metrics();
  return { text: await registry.metrics(), contentType: registry.contentType };
}
