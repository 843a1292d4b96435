import { spawn } from "node:child_process";
import { DriverError } from "../../errors";

export interface IpmiTarget {
  readonly address: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

/** What ipmitool prints when the controller turned us away; everything else without a session is silence. */
const refusals = [/RAKP 2 HMAC is invalid/i, /unauthorized name/i, /invalid user ?name/i, /password (?:verification|is (?:in)?valid)/i, /insufficient privilege/i, /RAKP 4 message (?:has|indicates)/i];
export const cipherRefusal = /cipher suite|invalid (?:authentication|integrity|confidentiality) algorithm|no matching/i;

/**
 * Runs one ipmitool command over lanplus. The password goes through the environment, because arguments are
 * readable by every user of the machine.
 */
export async function runIpmitool(target: IpmiTarget, cipher: number, words: readonly string[], timeoutMs: number, program = "ipmitool"): Promise<string> {
  const device = `the management controller at ${target.address}:${target.port}`;
  const attempt = `"${words.join(" ")}" on ${device}`;
  // One second a packet, as many tries as the bound has seconds: a lost packet costs one second, a dead controller the bound.
  const tries = Math.max(1, Math.floor(timeoutMs / 1000) - 1);
  // Only the verbose form tells a wrong password from a dead controller.
  const args = ["-v", "-I", "lanplus", "-H", target.address, "-p", String(target.port), "-U", target.username, "-E", "-C", String(cipher), "-N", "1", "-R", String(tries), ...words];
  return await new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, LC_ALL: "C", IPMI_PASSWORD: target.password, IPMITOOL_PASSWORD: target.password } });
    let stdout = "";
    let stderr = "";
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new DriverError("timeout", `${attempt} got no answer within ${timeoutMs} ms.`, { stderr: stderr.trim() }));
    }, timeoutMs);
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", (cause: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const why = cause.code === "ENOENT" ? "ipmitool is not installed on the control plane's machine (Debian package: ipmitool)" : cause.message;
      reject(new DriverError("invalid", `${attempt} could not be tried: ${why}.`, {}, { cause }));
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      if (code === 0) resolve(stdout);
      else reject(classify(attempt, stderr.trim() || stdout.trim(), code));
    });
  });
}

function classify(attempt: string, words: string, code: number | null): DriverError {
  const detail = { words, code };
  if (refusals.some((pattern) => pattern.test(words))) return new DriverError("refused", `${attempt} was turned away: user name or password is wrong, or the user may not switch power. Check the host's power settings.`, detail);
  if (/Unable to establish|Error: Unable|No response|timed? ?out|not known|resolve/i.test(words)) return new DriverError("unreachable", `${attempt} failed: no session could be made. Check address, port and the management network.`, detail);
  return new DriverError("failed", `${attempt} failed: ${words || `ipmitool ended with ${code}`}`, detail);
}
