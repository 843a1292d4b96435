import { Algorithm, hash, verify, type Options } from "@node-rs/argon2";

/**
 * OWASP's first choice for argon2id (Password Storage Cheat Sheet): 19 MiB, 2 passes, 1 lane; about 20 ms here. The
 * enum is a const one, so its number is written out: 2 is argon2id.
 */
const PARAMETERS: Options = { algorithm: 2 satisfies Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** argon2id, as PHC text with its own salt and parameters. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, PARAMETERS);
}

let decoy: Promise<string> | null = null;

/**
 * Compares; false for a person without a password too. Always does the work of one comparison, so that the time of
 * the answer does not tell whether the account exists.
 */
export async function verifyPassword(passwordHash: string | null, password: string): Promise<boolean> {
  decoy ??= hashPassword("nobody has this password");
  const matches = await verify(passwordHash ?? (await decoy), password);
  return matches && passwordHash !== null;
}

/** Makes the decoy before the first sign-in, which would otherwise be slower than the rest and say something. */
export async function prepareDecoy(): Promise<void> {
  decoy ??= hashPassword("nobody has this password");
  await decoy;
}
