import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** The gateway's own figures, in a registry of its own. */
export class GatewayMetrics {
  readonly registry = new Registry();
  readonly open = new Gauge({ name: "berth_console_sessions_open", help: "Consoles open now.", labelNames: ["kind"], registers: [this.registry] });
  readonly ended = new Counter({ name: "berth_console_sessions_ended_total", help: "Consoles ended, by close code.", labelNames: ["code"], registers: [this.registry] });
  readonly refused = new Counter({ name: "berth_console_refused_total", help: "Openings refused, by why.", labelNames: ["why"], registers: [this.registry] });
  readonly bytes = new Counter({ name: "berth_console_bytes_total", help: "Bytes carried.", labelNames: ["direction"], registers: [this.registry] });
  readonly openSeconds = new Histogram({
    name: "berth_console_open_seconds",
    help: "From the upgrade to the first byte that can flow.",
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.registry],
  });
  readonly checkFailures = new Counter({ name: "berth_console_revocation_check_failures_total", help: "Checks of open sessions that could not be made.", registers: [this.registry] });

  constructor(withProcessMetrics: boolean) {
    if (withProcessMetrics) collectDefaultMetrics({ register: this.registry });
  }
}
