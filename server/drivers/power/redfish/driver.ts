import { z } from "zod";
import { systemClock, type Clock } from "@/server/platform/clock";
import { DriverError } from "../../errors";
import { changePower } from "../change-power";
import type { PowerDriver } from "../types";
import { redfishSession } from "./session";

const STATUS_TIMEOUT_MS = 5_000;
const CHANGE_TIMEOUT_MS = 30_000;

/** The parts of ComputerSystem (DMTF DSP2046) that are used here. */
const systemSchema = z.object({
  PowerState: z.enum(["On", "Off", "PoweringOn", "PoweringOff", "Paused"]).nullable(),
  Actions: z.object({ "#ComputerSystem.Reset": z.object({ target: z.string() }).optional() }).optional(),
  Status: z.object({ Health: z.string().nullish(), HealthRollup: z.string().nullish() }).nullish(),
  Links: z.object({ Chassis: z.array(z.object({ "@odata.id": z.string() })).optional() }).optional(),
});
const powerSchema = z.object({ PowerControl: z.array(z.object({ PowerConsumedWatts: z.number().nullable().optional() })).optional() });

/** Redfish over HTTPS (DMTF DSP0266). A host that is still powering off counts as on: fencing must not believe it early. */
export function redfishPower(options: { readonly clock?: Clock } = {}): PowerDriver {
  const clock = options.clock ?? systemClock;
  return {
    kind: "redfish",
    connect(config) {
      if (config.kind !== "redfish") throw new DriverError("invalid", `The Redfish driver was given a device of the kind ${config.kind}.`);
      const session = redfishSession(config);
      const path = `/redfish/v1/Systems/${encodeURIComponent(config.systemId)}`;
      const device = `the Redfish service at ${config.url}`;
      const read = async (timeoutMs: number) => {
        const parsed = systemSchema.safeParse(await session.call("GET", path, undefined, timeoutMs));
        if (!parsed.success) throw new DriverError("failed", `${device} describes the system ${config.systemId} in a way that is not Redfish's ComputerSystem.`, { problems: parsed.error.issues.map((issue) => issue.message) });
        return parsed.data;
      };
      const ask = async (timeoutMs: number): Promise<"on" | "off"> => {
        const state = (await read(timeoutMs)).PowerState;
        if (state === null) throw new DriverError("failed", `${device} does not know the power state of the system ${config.systemId} now.`);
        return state === "Off" ? "off" : "on";
      };
      const change = (wanted: "on" | "off", timeoutMs = CHANGE_TIMEOUT_MS, reset: "On" | "ForceOff" | "GracefulShutdown" = wanted === "off" ? "ForceOff" : "On") =>
        changePower({
          device,
          wanted,
          timeoutMs,
          clock,
          ask,
          command: async (commandMs) => {
            const target = (await read(commandMs)).Actions?.["#ComputerSystem.Reset"]?.target ?? `${path}/Actions/ComputerSystem.Reset`;
            await session.call("POST", target, { ResetType: reset }, commandMs);
          },
        });
      return {
        kind: "redfish",
        canFence: true,
        status: (call) => ask(call?.timeoutMs ?? STATUS_TIMEOUT_MS),
        off: (call) => change("off", call?.timeoutMs),
        shutdown: (call) => change("off", call?.timeoutMs, "GracefulShutdown"),
        on: (call) => change("on", call?.timeoutMs),
        async health(call) {
          const { Status } = await read(call?.timeoutMs ?? STATUS_TIMEOUT_MS);
          const worst = Status?.HealthRollup ?? Status?.Health ?? null;
          if (worst === null) return null;
          return worst === "OK" ? [] : [{ sensor: "system", text: `the controller calls its health ${worst}`, severe: worst === "Critical" }];
        },
        async powerReading(call) {
          const timeoutMs = call?.timeoutMs ?? STATUS_TIMEOUT_MS;
          const chassis = (await read(timeoutMs)).Links?.Chassis?.[0]?.["@odata.id"];
          if (!chassis) return null;
          try {
            const power = powerSchema.safeParse(await session.call("GET", `${chassis}/Power`, undefined, timeoutMs));
            return power.success ? (power.data.PowerControl?.[0]?.PowerConsumedWatts ?? null) : null;
          } catch (cause) {
            if (cause instanceof DriverError && cause.code === "not-found") return null;
            throw cause;
          }
        },
      };
    },
  };
}
