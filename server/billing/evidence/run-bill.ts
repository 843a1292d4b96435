import { readFileSync, statSync } from "node:fs";
import { formatMinor } from "@/server/rating";
import { verifyEvidence } from "./rules";

const USAGE = "Usage: npm run bill -- verify FILE [--key PUBLIC_KEY_FILE]\nChecks a downloaded evidence file without any network: its signature, and that its windows and prices come to its total.\n";
/** A month of a very large organization is some 50 MB; more is no evidence file. */
const MAX_BYTES = 512 * 1024 * 1024;

function main(args: readonly string[]): number {
  const [command, file, ...rest] = args;
  const keyFile = rest[0] === "--key" ? rest[1] : undefined;
  if (command !== "verify" || file === undefined || (rest.length > 0 && keyFile === undefined)) {
    process.stderr.write(USAGE);
    return 2;
  }
  let text: string;
  let key: string | undefined;
  try {
    if (statSync(file).size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
    text = readFileSync(file, "utf8");
    key = keyFile === undefined ? undefined : readFileSync(keyFile, "utf8");
  } catch (error) {
    process.stderr.write(`The file could not be read: ${error instanceof Error ? error.message : String(error)}. Check its name.\n`);
    return 2;
  }
  const verdict = verifyEvidence(text, key);
  if (!verdict.ok) {
    process.stderr.write(`NOT VERIFIED. ${verdict.reason}\n`);
    return 1;
  }
  process.stdout.write(
    [
      "VERIFIED. The signature fits, and rating the windows again gives this bill exactly.",
      `  invoice       ${verdict.invoiceId} of ${verdict.organizationId}`,
      `  period        ${verdict.periodStart.toISOString()} to ${verdict.periodEnd.toISOString()}`,
      `  computed from ${verdict.windows} windows, ${verdict.lines} lines`,
      `  total         ${formatMinor(verdict.totalMinor, verdict.currency)} ${verdict.currency}`,
      `  signed by     key with SHA-256 ${verdict.keyFingerprint}${key === undefined ? " (compare it with the one in the portal)" : " (the key that was given)"}`,
      "",
    ].join("\n"),
  );
  return 0;
}

process.exitCode = main(process.argv.slice(2));
