import { DriverError } from "../../../errors";
import type { GuestFile, GuestFilePart, GuestFileWrite } from "../../types";
import { flushGuestWrites, guestIsUp } from "../process";
import { runningDomain, type WorldState } from "../state";
import type { HostRecord } from "../types";
import { GuestMachine } from "./machine";

const FOLDER = "/transfer/";
/** A simulated disk keeps its files in this process's memory. */
const MOST_BYTES = 16 * 1_048_576;

/** The agent of a guest that is up. Files are kept as texts, one character a byte, so that every byte comes back. */
function machineOf(state: WorldState, host: HostRecord, instanceId: string): GuestMachine {
  const domain = runningDomain(host, instanceId, "Exchanging files");
  if (!guestIsUp(state, domain)) throw new DriverError("failed", `The guest agent of ${instanceId} is not connected: the guest has not booted or hangs. Try again later.`, { host: host.name });
  flushGuestWrites(state, host, domain, false);
  return new GuestMachine(state, host, domain);
}

export function listGuestFiles(state: WorldState, host: HostRecord, instanceId: string): GuestFile[] {
  const machine = machineOf(state, host, instanceId);
  return machine.files().filter((path) => path.startsWith(FOLDER) && !path.startsWith(`${FOLDER}.`)).map((path) => ({ name: path.slice(FOLDER.length), sizeBytes: machine.readFile(path)?.length ?? 0 }));
}

export function readGuestFile(state: WorldState, host: HostRecord, instanceId: string, { name, offsetBytes, lengthBytes }: GuestFilePart): string {
  const content = machineOf(state, host, instanceId).readFile(FOLDER + name);
  if (content === null) throw new DriverError("not-found", `The guest ${instanceId} has no file "${name}" to take out.`, { name });
  return Buffer.from(content.slice(offsetBytes, offsetBytes + lengthBytes), "latin1").toString("base64");
}

export function writeGuestFile(state: WorldState, host: HostRecord, instanceId: string, { name, offsetBytes, data, isLast }: GuestFileWrite): void {
  const machine = machineOf(state, host, instanceId);
  const part = `${FOLDER}.${name}.part`;
  const before = offsetBytes === 0 ? "" : (machine.readFile(part) ?? "");
  if (before.length !== offsetBytes) throw new DriverError("invalid", `This part of "${name}" does not follow what was brought into ${instanceId} before; begin again.`, { offsetBytes, written: before.length });
  const content = before + data.toString("latin1");
  if (content.length > MOST_BYTES) {
    machine.removeFile(part);
    throw new DriverError("insufficient", `The disk of ${instanceId} has no room for "${name}".`, { name });
  }
  machine.writeFile(part, content);
  if (!isLast) return;
  machine.removeFile(part);
  machine.writeFile(FOLDER + name, content);
  machine.sync();
}
