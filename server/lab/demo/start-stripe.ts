import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DemoSettings } from "./settings";
import type { Supervisor } from "./supervisor";

/** A demo cannot wait for weeks: what follows from an unpaid invoice follows within seconds, except that nothing is ever deleted. */
const DUNNING_SCHEDULE = "restrict=2s,suspend=4s,retain=1d,delete=30d,remind=1d";
/** Without a public address Stripe's webhooks reach nobody; its list of events is read instead. */
const REPLAY_SECONDS = "3";

const main = fileURLToPath(new URL("../../drivers/payment/simulated/main.ts", import.meta.url));

/** Stripe itself where STRIPE_SECRET_KEY is set, else the simulated one beside the other processes. Answers what web and worker need to know. */
export async function startStripe(supervisor: Supervisor, options: { readonly directory: string; readonly origin: string; readonly settings: DemoSettings }): Promise<{ readonly kind: "stripe" | "simulated"; readonly env: Readonly<Record<string, string>> }> {
  const given = process.env["STRIPE_SECRET_KEY"];
  if (given) {
    return { kind: "stripe", env: { STRIPE_SECRET_KEY: given, STRIPE_WEBHOOK_SECRETS: process.env["STRIPE_WEBHOOK_SECRETS"] ?? "", STRIPE_REPLAY_SECONDS: REPLAY_SECONDS, DUNNING_SCHEDULE } };
  }
  const { secretKey, webhookSecret } = options.settings.stripe;
  const port = options.settings.ports.stripe;
  const secrets = { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRETS: webhookSecret };
  await supervisor.start({
    name: "stripe", file: main, args: ["--port", String(port), "--state", join(options.directory, "stripe.json"), "--webhook", `${options.origin}/api/webhooks/stripe`], env: secrets, readyUrl: `http://127.0.0.1:${port}/health`,
  });
  return { kind: "simulated", env: { ...secrets, STRIPE_API_BASE: `http://127.0.0.1:${port}`, DUNNING_SCHEDULE } };
}
