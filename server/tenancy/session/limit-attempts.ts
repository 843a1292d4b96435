import ipaddr from "ipaddr.js";
import { RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";
import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { identityClient } from "./store";

const WINDOW_SECONDS = 15 * 60;
/** One account: ten guesses a quarter of an hour are a thousand a day, nothing against 12 characters. */
const PER_EMAIL = 10;
/** One address: an office behind one address signs in on a Monday morning, a guessing machine does not get far. */
const PER_ADDRESS = 60;

interface Limiters {
  readonly email: RateLimiterPostgres;
  readonly address: RateLimiterPostgres;
}

/** One pair a database, because each keeps a small cache of blocked keys and a timer that clears old rows. */
const limiters = new WeakMap<Context["db"], Limiters>();

function limitersOf(context: Context): Limiters {
  const known = limiters.get(context.db);
  if (known) return known;
  const shared = { storeClient: identityClient(context.db), storeType: "client", tableName: "rate_limit", tableCreated: true, duration: WINDOW_SECONDS };
  const made: Limiters = {
    email: new RateLimiterPostgres({ ...shared, keyPrefix: "sign-in-email", points: PER_EMAIL, inMemoryBlockOnConsumed: PER_EMAIL + 1 }),
    address: new RateLimiterPostgres({ ...shared, keyPrefix: "sign-in-address", points: PER_ADDRESS, inMemoryBlockOnConsumed: PER_ADDRESS + 1 }),
  };
  limiters.set(context.db, made);
  return made;
}

/** A whole IPv6 /64 counts as one caller, because that is what one customer of a provider gets. */
export function addressKey(ip: string | null): string {
  if (ip === null || !ipaddr.isValid(ip)) return "unknown";
  const address = ipaddr.process(ip);
  if (address.kind() === "ipv4") return address.toString();
  return `${address.toByteArray().slice(0, 8).map((byte) => byte.toString(16).padStart(2, "0")).join("")}/64`;
}

/**
 * Counts an attempt before the password is looked at, so that many at once cannot slip through together. Throws
 * `rate-limited` with the seconds to wait. Answers what to call when the attempt succeeded.
 */
export async function countAttempt(context: Context, email: string, ip: string | null): Promise<() => Promise<void>> {
  const { email: byEmail, address: byAddress } = limitersOf(context);
  const key = addressKey(ip);
  await consume(byAddress, key);
  await consume(byEmail, email);
  return async () => {
    await byEmail.delete(email);
    await byAddress.reward(key, 1);
  };
}

async function consume(limiter: RateLimiterPostgres, key: string): Promise<void> {
  try {
    await limiter.consume(key, 1);
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    const retryAfterSeconds = Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
    throw new Problem("rate-limited", `Too many attempts to sign in. Wait ${Math.ceil(retryAfterSeconds / 60)} minutes and try again.`, { retryAfterSeconds });
  }
}
