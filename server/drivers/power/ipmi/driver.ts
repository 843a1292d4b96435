import { systemClock, type Clock } from "@/server/platform/clock";
import { DriverError } from "../../errors";
import { changePower } from "../change-power";
import type { HealthFinding, PowerDriver } from "../types";
import { cipherRefusal, runIpmitool, type IpmiTarget } from "./run-ipmitool";

const STATUS_TIMEOUT_MS = 5_000;
const CHANGE_TIMEOUT_MS = 30_000;
/** A repository of a hundred sensors is read one by one. */
const SENSORS_TIMEOUT_MS = 30_000;
/** 17 is SHA-256 with AES-128 (IPMI 2.0 errata 4); 3 is SHA-1, all that older controllers have. 0 has no authentication and is never tried. */
const CIPHERS = [17, 3] as const;

/** IPMI 2.0 over LAN, through Debian's ipmitool. */
export function ipmiPower(options: { readonly clock?: Clock; readonly program?: string } = {}): PowerDriver {
  const clock = options.clock ?? systemClock;
  return {
    kind: "ipmi",
    connect(config) {
      if (config.kind !== "ipmi") throw new DriverError("invalid", `The IPMI driver was given a device of the kind ${config.kind}.`);
      const run = withCipher(config, options.program);
      const ask = async (timeoutMs: number) => parseStatus(await run(["chassis", "power", "status"], timeoutMs), config);
      const change = (wanted: "on" | "off", timeoutMs = CHANGE_TIMEOUT_MS, order: "on" | "off" | "soft" = wanted) =>
        changePower({
          device: `the management controller at ${config.address}:${config.port}`,
          wanted,
          timeoutMs,
          clock,
          ask,
          command: async (commandMs) => {
            await run(["chassis", "power", order], commandMs);
          },
        });
      return {
        kind: "ipmi",
        canFence: true,
        status: (call) => ask(call?.timeoutMs ?? STATUS_TIMEOUT_MS),
        off: (call) => change("off", call?.timeoutMs),
        shutdown: (call) => change("off", call?.timeoutMs, "soft"),
        on: (call) => change("on", call?.timeoutMs),
        async health(call) {
          try {
            return parseSensors(await run(["sdr", "elist"], call?.timeoutMs ?? SENSORS_TIMEOUT_MS));
          } catch (cause) {
            // A controller without a sensor repository says so with an error of its own.
            if (cause instanceof DriverError && cause.code === "failed") return null;
            throw cause;
          }
        },
        async powerReading(call) {
          try {
            const text = await run(["dcmi", "power", "reading"], call?.timeoutMs ?? STATUS_TIMEOUT_MS);
            const watts = /Instantaneous power reading:\s+(\d+)\s+Watts/i.exec(text)?.[1];
            return watts === undefined ? null : Number(watts);
          } catch (cause) {
            // Most controllers have no power meter and say so with an error of their own.
            if (cause instanceof DriverError && cause.code === "failed") return null;
            throw cause;
          }
        },
      };
    },
  };
}

/** Uses the strongest cipher that the device takes, and remembers it. */
function withCipher(target: IpmiTarget, program: string | undefined): (words: readonly string[], timeoutMs: number) => Promise<string> {
  let agreed: number | null = null;
  return async (words, timeoutMs) => {
    const endMs = performance.now() + timeoutMs;
    for (const cipher of agreed === null ? CIPHERS : [agreed]) {
      try {
        const output = await runIpmitool(target, cipher, words, Math.max(1, Math.floor(endMs - performance.now())), program);
        agreed = cipher;
        return output;
      } catch (cause) {
        const said = cause instanceof DriverError ? cause.detail["words"] : null;
        const older = agreed === null && cipher !== CIPHERS[1] && typeof said === "string" && cipherRefusal.test(said);
        if (!older) throw cause;
      }
    }
    throw new DriverError("refused", `The management controller at ${target.address}:${target.port} takes none of the cipher suites ${CIPHERS.join(", ")}.`);
  };
}

/** Threshold states of IPMI 2.0 (table 42-2) as ipmitool prints them: non-critical, critical, non-recoverable. */
const WORRYING: Readonly<Record<string, boolean>> = { nc: false, lnc: false, unc: false, cr: true, lcr: true, ucr: true, nr: true, lnr: true, unr: true };
/** Words of discrete sensors that announce a failure (tables 42-1 and 42-3). */
const DISCRETE = /predictive failure|drive fault|uncorrectable|correctable ecc logging limit|failure detected|redundancy lost|in critical array/i;

/** Lines of `sdr elist`: name | id | state | entity | reading. */
export function parseSensors(text: string): HealthFinding[] {
  return text.split("\n").flatMap((line) => {
    const [sensor = "", , state = "", , reading = ""] = line.split("|").map((part) => part.trim());
    const severe = WORRYING[state];
    if (severe !== undefined) return [{ sensor, text: `${reading} (${severe ? "critical" : "beyond its threshold"})`, severe }];
    return DISCRETE.test(reading) ? [{ sensor, text: reading, severe: true }] : [];
  });
}

/** The one sentence that says it; anything else is no answer. */
function parseStatus(text: string, target: IpmiTarget): "on" | "off" {
  const state = /^Chassis Power is (on|off)\s*$/m.exec(text)?.[1];
  if (state === "on" || state === "off") return state;
  throw new DriverError("failed", `The management controller at ${target.address}:${target.port} gave a power status that says neither on nor off.`, { words: text.trim() });
}
