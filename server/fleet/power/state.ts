import type { HostRow } from "../types";

export type PowerState = HostRow["powerState"];

/**
 * What is done to a host's power on purpose. Every state has an exit, and each but `on` and `asleep` is somebody's
 * unfinished work: the loop power-hosts takes it up again after any crash.
 *
 * - `falling-asleep`: decided, with a certificate; its controller is told to switch off until it confirms.
 * - `asleep`: its controller confirmed that it is off.
 * - `waking`: its controller is told to switch on, and then the host itself must answer.
 * - `failed-to-wake`: it did not answer in time; the host is quarantined until an operator has looked.
 */
const EXITS: Readonly<Record<PowerState, readonly PowerState[]>> = {
  on: ["falling-asleep"],
  "falling-asleep": ["asleep", "waking", "on"],
  asleep: ["waking", "on"],
  waking: ["on", "failed-to-wake"],
  "failed-to-wake": ["on", "waking"],
};

export function powerMayBecome(from: PowerState, to: PowerState): boolean {
  return EXITS[from].includes(to);
}

export const POWER_TABLE = EXITS;
