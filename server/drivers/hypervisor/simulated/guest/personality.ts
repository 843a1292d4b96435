import { DriverError } from "../../../errors";
import type { GuestPersonality, PersonalityReport } from "../../types";
import { flushGuestWrites, guestIsUp } from "../process";
import { runningDomain, type WorldState } from "../state";
import type { HostRecord } from "../types";
import { GuestMachine } from "./machine";

const MS_PER_SECOND = 1_000;
const LAYOUT_FILE = "/etc/default/keyboard";

/** A simulated guest is a small Debian: it has the languages and layouts that can be chosen, and an account of its own. Its host name is its machine's. */
export function personaliseGuest(state: WorldState, host: HostRecord, instanceId: string, { timeZone, timeSeconds, fullName, locale, keyboard }: GuestPersonality): PersonalityReport {
  const domain = runningDomain(host, instanceId, "Telling it who it is");
  if (!guestIsUp(state, domain)) throw new DriverError("failed", `The guest agent of ${instanceId} is not connected: the guest has not booted or hangs. Try again later.`, { host: host.name });
  flushGuestWrites(state, host, domain, false);
  const machine = new GuestMachine(state, host, domain);
  const put = (path: string, content: string): void => {
    if (machine.readFile(path) !== content) machine.writeFile(path, content);
  };
  if (timeSeconds !== null) domain.guest.clockOffsetMs = timeSeconds * MS_PER_SECOND - state.clock.nowMs();
  put("/etc/timezone", `${timeZone}\n`);
  if (fullName !== null) put("/etc/passwd", `root:x:0:0:root:/:/bin/sh\ndesk:x:1000:1000:${fullName}::/bin/sh\n`);
  put("/etc/default/locale", `LANG=${locale}\n`);
  put(LAYOUT_FILE, `XKBMODEL=${keyboard === "jp" ? "jp106" : "pc105"}\nXKBLAYOUT=${keyboard}\n`);
  return { hostName: "applied", timeZone: "applied", fullName: "applied", locale: "applied", keyboard: "applied" };
}
