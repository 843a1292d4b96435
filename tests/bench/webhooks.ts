import { randomBytes } from "node:crypto";
import { signPayload } from "@/server/drivers/payment/simulated";
import { startWeb } from "../support/web";
import { createBenchDatabase } from "./support/bench-database";
import { percentile, type Bench } from "./types";

const RATE = 200;
const SECONDS = 20;
const COLD_SECONDS = 15;
const GOAL_MS = 100;
const SECRET = "whsec_only_for_benchmarks";

/** An invoice.paid event of the usual size: a real one has three to six kilobytes. */
function eventBody(): string {
  const id = `evt_${randomBytes(12).toString("hex")}`;
  const invoice = `in_${randomBytes(12).toString("hex")}`;
  const lines = Array.from({ length: 12 }, (_, index) => ({ id: `il_${index}_${invoice}`, object: "line_item", amount: 100 + index, currency: "jpy", description: "instance micro-1 web-1 from the first to the last of the month", metadata: { berth_item: `bll_${index}` }, period: { start: 1, end: 2 } }));
  return JSON.stringify({ id, object: "event", api_version: "2026-10-28.endive", created: Math.floor(Date.now() / 1000), livemode: false, pending_webhooks: 1, type: "invoice.paid", request: { id: null, idempotency_key: null }, data: { object: { id: invoice, object: "invoice", status: "paid", lines: { object: "list", data: lines } } } });
}

/** npm run bench -- webhooks: 200 signed deliveries a second to the built portal, over HTTP, into a durable Postgres. */
export const run: Bench = async () => {
  const database = await createBenchDatabase();
  const web = await startWeb({ appDatabaseUrl: database.url.app, env: { STRIPE_WEBHOOK_SECRETS: `whsec_the_next_one,${SECRET}` } });
  const url = `${web.origin}/api/webhooks/stripe`;
  const post = async (body: string, secret = SECRET): Promise<{ readonly status: number; readonly ms: number }> => {
    const started = performance.now();
    // A delivery that breaks off is not accepted: Stripe would send it again.
    const response = await fetch(url, { method: "POST", body, headers: { "content-type": "application/json", "stripe-signature": signPayload(body, [secret], Math.floor(Date.now() / 1000)) } }).catch(() => null);
    await response?.arrayBuffer();
    return { status: response?.status ?? 0, ms: performance.now() - started };
  };
  try {
    // By the clock, whatever the answers take: a slow answer does not slow the sender down.
    const deliver = async (count: number): Promise<{ readonly results: readonly { readonly status: number; readonly ms: number }[]; readonly seconds: number }> => {
      const answers: Promise<{ readonly status: number; readonly ms: number }>[] = [];
      const started = performance.now();
      for (let index = 0; index < count; index++) {
        const waitMs = started + (index * 1000) / RATE - performance.now();
        if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
        answers.push(post(eventBody()));
      }
      return { results: await Promise.all(answers), seconds: (performance.now() - started) / 1000 };
    };
    // A server that has just started compiles what it runs, and answers slower than these come: said, and not counted.
    const cold = await deliver(RATE * COLD_SECONDS);
    const { results, seconds } = await deliver(RATE * SECONDS);
    const accepted = results.filter((result) => result.status === 200).map((result) => result.ms);
    const forged = await Promise.all(Array.from({ length: 20 }, () => post(eventBody(), "whsec_of_somebody_else")));
    const { rows } = await database.owner.pool.query<{ n: number }>("select count(*)::int as n from payment_event");
    const stored = rows[0]?.n ?? 0;
    const p99 = percentile(accepted, 0.99);
    return {
      name: "webhooks",
      rows: [
        { label: "deliveries a second", value: results.length / seconds, unit: "1/s", goal: String(RATE), held: results.length / seconds >= RATE * 0.98 },
        { label: "answered 2xx", value: accepted.length, unit: `of ${results.length}`, goal: "all", held: accepted.length === results.length },
        { label: "2xx p50", value: percentile(accepted, 0.5), unit: "ms" },
        { label: "2xx p95", value: percentile(accepted, 0.95), unit: "ms" },
        { label: "2xx p99", value: p99, unit: "ms", goal: `<= ${GOAL_MS}`, held: p99 <= GOAL_MS },
        { label: `2xx p99 in the first ${COLD_SECONDS} s after the start`, value: percentile(cold.results.map((result) => result.ms), 0.99), unit: "ms" },
        { label: "in the inbox", value: stored, unit: "events", goal: "every accepted one", held: stored === [...results, ...cold.results].filter((result) => result.status === 200).length },
        { label: "forged refused", value: forged.filter((result) => result.status === 400).length, unit: "of 20", goal: "all", held: forged.every((result) => result.status === 400) },
      ],
      raw: { answersMs: results.map((result) => Math.round(result.ms * 100) / 100) },
    };
  } finally {
    await web.stop();
    await database.close();
  }
};
