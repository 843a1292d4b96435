import { openDatabase } from "@/db/client";
import { systemClock } from "@/server/platform/clock";
import type { Context } from "@/server/platform/context";
import { silentLogger } from "@/server/platform/logger";
import { systemRandom } from "@/server/platform/random";
import { verifyAuditChains } from "./verify-audit";

/** The command `npm run audit:verify`. Exit code 0: every chain holds; 1: a link is broken; 2: could not look. */
const url = process.env["WORKER_DATABASE_URL"] ?? process.env["DATABASE_URL"];
if (!url) {
  console.error("audit:verify needs WORKER_DATABASE_URL (or DATABASE_URL): the Postgres address of a role that sees every chain.");
  process.exit(2);
}
const db = openDatabase({ url, poolSize: 1, applicationName: "berth-audit-verify" });
const context: Context = { db, clock: systemClock, random: systemRandom, logger: silentLogger, requestId: "audit-verify", actor: { kind: "system", id: "audit-verify" }, scope: "worker", organizationId: null };
try {
  const result = await verifyAuditChains(context);
  for (const report of result.chains) console.log(`${report.broken ? "BROKEN" : "ok    "} ${report.chain}: ${report.entries} links hold, newest ${report.headHash}`);
  if (result.firstBroken) console.error(`The first broken link: ${result.firstBroken.message}`);
  else console.log(`${result.chains.length} chains hold. Keep the newest hashes outside of this database to notice a chain that was rewritten as a whole.`);
  process.exitCode = result.ok ? 0 : 1;
} catch (error) {
  console.error(`The trail could not be read: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
} finally {
  await db.pool.end();
}
