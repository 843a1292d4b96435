import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { claimPort } from "../ports";

/** Secrets and ports of one demo, made at its first start and kept, so that a second start finds the same. */
export interface DemoSettings {
  readonly ports: { readonly postgres: number; readonly web: number; readonly worker: number; readonly gateway: number; readonly world: number; readonly stripe: number };
  readonly passwords: { readonly postgres: string; readonly app: string; readonly worker: string; readonly tenant: string; readonly operator: string };
  readonly sessionSecret: string;
  readonly metricsToken: string;
  /** Key and webhook secret of the simulated Stripe; not used where STRIPE_SECRET_KEY is set. */
  readonly stripe: { readonly secretKey: string; readonly webhookSecret: string };
}

const PREFERRED = { postgres: 54_320, web: 3000, worker: 4002, gateway: 4001, world: 4003, stripe: 4004 };

export async function loadSettings(directory: string): Promise<DemoSettings> {
  const file = join(directory, "settings.json");
  // A folder of an earlier version lacks what came later; that is added, and the rest stays.
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Partial<DemoSettings>) : {};
  mkdirSync(directory, { recursive: true });
  const ports: Record<keyof typeof PREFERRED, number> = { ...PREFERRED };
  for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = known.ports?.[name] ?? (await claimPort(PREFERRED[name]));
  const secret = (): string => randomBytes(24).toString("base64url");
  const settings: DemoSettings = {
    stripe: { secretKey: `sk_test_simulated_${secret()}`, webhookSecret: `whsec_${secret()}` },
    passwords: { postgres: secret(), app: secret(), worker: secret(), tenant: readable(), operator: readable() },
    sessionSecret: randomBytes(48).toString("base64url"),
    metricsToken: secret(),
    ...known,
    ports,
  };
  writeFileSync(file, JSON.stringify(settings, null, 2), { mode: 0o600 });
  return settings;
}

/** Four groups of five letters and digits that nobody confuses: about 98 bits. */
function readable(): string {
  const alphabet = "abcdefghjkmnpqrstvwxyz23456789";
  return Array.from({ length: 4 }, () => [...randomBytes(5)].map((byte) => alphabet[byte % alphabet.length]).join("")).join("-");
}

/** Who signs in to the demo. */
export function demoCredentials(settings: DemoSettings): { readonly tenant: { readonly email: string; readonly password: string }; readonly operator: { readonly email: string; readonly password: string } } {
  return { tenant: { email: "owner@acme.test", password: settings.passwords.tenant }, operator: { email: "operator@berth.test", password: settings.passwords.operator } };
}
