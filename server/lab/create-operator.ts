import { createInterface } from "node:readline";
import { z } from "zod";
import { openDatabase } from "@/db/client";
import { systemClock } from "@/server/platform/clock";
import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import { silentLogger } from "@/server/platform/logger";
import { systemRandom } from "@/server/platform/random";
import { ensureUser } from "@/server/tenancy";
import { emailAddress, lineOfText, newPassword, operatorRole } from "@/server/tenancy/schema";

/**
 * The first person of an installation: `tsx server/lab/create-operator.ts EMAIL NAME [admin|support|auditor]`, with the
 * password as the first line of standard input, because arguments can be read by every process of the machine.
 */
const USAGE = "create-operator needs WORKER_DATABASE_URL, and: EMAIL NAME [admin|support|auditor], with the password as the first line of standard input.";

async function firstLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) return line;
  return "";
}

async function main(): Promise<number> {
  const [email, name, role = "admin"] = process.argv.slice(2);
  const url = process.env["WORKER_DATABASE_URL"];
  if (!url || !email || !name) {
    console.error(USAGE);
    return 2;
  }
  const input = z.object({ email: emailAddress, name: lineOfText(100), role: operatorRole, password: newPassword }).safeParse({ email, name, role, password: await firstLine() });
  if (!input.success) {
    for (const issue of input.error.issues) console.error(`Nobody was added: ${issue.path.join(".")} ${issue.message}.`);
    return 2;
  }
  const db = openDatabase({ url, poolSize: 1, applicationName: "berth-create-operator" });
  const source = { clock: systemClock, random: systemRandom };
  const context: Context = { db, ...source, logger: silentLogger, requestId: mintId("request", source), actor: { kind: "system", id: "create-operator" }, scope: "worker", organizationId: null };
  try {
    const { role: wanted, ...person } = input.data;
    const made = await ensureUser(context, { ...person, operatorRole: wanted });
    const asAsked = made.operatorRole === wanted;
    if (!asAsked) console.error(`Nobody was changed: an account of ${made.email} exists already, and its operator role is ${made.operatorRole ?? "none"}.`);
    else console.log(`${made.email} can sign in and has the operator role ${made.operatorRole}. An account that existed before keeps its password.`);
    return asAsked ? 0 : 1;
  } finally {
    await db.pool.end();
  }
}

process.exitCode = await main();
