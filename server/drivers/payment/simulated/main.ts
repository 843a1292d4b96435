import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { VaultState } from "./vault";
import { SimulatedStripe } from "./index";

/** The simulated Stripe as a process of its own: `--port N --state FILE --webhook URL`; key and secret come by the environment. */
const { values } = parseArgs({ options: { port: { type: "string" }, state: { type: "string" }, webhook: { type: "string" } } });
const secretKey = process.env["STRIPE_SECRET_KEY"];
const webhookSecret = process.env["STRIPE_WEBHOOK_SECRETS"];
if (!values.port || !secretKey || !webhookSecret) throw new Error("The simulated Stripe needs --port, STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRETS.");

const file = values.state;
const stripe = new SimulatedStripe({
  secretKey,
  requestsPerSecond: 100,
  ...(file && existsSync(file) ? { state: JSON.parse(readFileSync(file, "utf8")) as VaultState } : {}),
  ...(values.webhook ? { webhook: { url: values.webhook, secrets: webhookSecret.split(",") } } : {}),
});

/** The account outlives the process, as Stripe would; a write for a burst of changes is enough. */
let saving: NodeJS.Timeout | null = null;
function save(): void {
  if (!file) return;
  writeFileSync(`${file}.new`, JSON.stringify(stripe.vault.state), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
stripe.vault.onEvent(() => {
  saving ??= setTimeout(() => {
    saving = null;
    save();
  }, 100);
});

function end(): void {
  save();
  void stripe.close().then(() => process.exit(0));
}
process.on("SIGTERM", end);
process.on("SIGINT", end);
process.on("disconnect", end);
await stripe.listen(Number(values.port));
