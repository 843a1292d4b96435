import { SimulatedStripe, type SimulatedStripeOptions } from "@/server/drivers/payment/simulated";
import { StripePayments } from "@/server/drivers/payment/stripe";
import { seededRandom } from "@/server/platform/random";

export const SIMULATED_KEY = "sk_test_simulated";

/** The real SDK against a Stripe of the test's own. */
export async function openSimulatedStripe(options: Partial<SimulatedStripeOptions> & { readonly driverTimeoutMs?: number } = {}): Promise<{ readonly stripe: SimulatedStripe; readonly driver: StripePayments; readonly apiBase: string; close(): Promise<void> }> {
  const stripe = new SimulatedStripe({ secretKey: SIMULATED_KEY, random: seededRandom(7), ...options });
  const apiBase = `http://127.0.0.1:${await stripe.listen()}`;
  const driver = new StripePayments({ secretKey: SIMULATED_KEY, apiBase, ...(options.driverTimeoutMs ? { timeoutMs: options.driverTimeoutMs } : {}) });
  return { stripe, driver, apiBase, close: () => stripe.close() };
}
