import { DriverError } from "../../../errors";
import { askShutdown } from "../domains";
import { flushGuestWrites, guestIsUp } from "../process";
import type { WorldState } from "../state";
import { runningDomain } from "../state";
import type { DomainRecord, HostRecord } from "../types";
import { GuestMachine } from "./machine";
import { runShell } from "./shell";

const COMMANDS = [
  "guest-ping",
  "guest-info",
  "guest-sync",
  "guest-exec",
  "guest-exec-status",
  "guest-get-vcpus",
  "guest-get-host-name",
  "guest-get-osinfo",
  "guest-get-time",
  "guest-set-time",
  "guest-network-get-interfaces",
  "guest-fsfreeze-freeze",
  "guest-fsfreeze-thaw",
  "guest-shutdown",
] as const;

/** Results of finished programs that nobody asked for are forgotten beyond this many. */
const MAX_JOBS = 64;

/** The guest agent's protocol as QEMU's agent speaks it; answers only when the guest has booted. */
export function agentCommand(state: WorldState, host: HostRecord, instanceId: string, command: string, args: Readonly<Record<string, unknown>>): unknown {
  const domain = runningDomain(host, instanceId, `The guest agent's "${command}"`);
  if (!guestIsUp(state, domain)) {
    throw new DriverError("failed", `The guest agent of ${instanceId} is not connected: the guest has not booted or hangs. Try again later.`, { host: host.name, command });
  }
  flushGuestWrites(state, host, domain, false);
  const machine = new GuestMachine(state, host, domain);
  switch (command) {
    case "guest-ping":
    case "guest-sync":
      return command === "guest-sync" ? (args["id"] ?? 0) : {};
    case "guest-info":
      return { version: "7.2.0", supported_commands: COMMANDS.map((name) => ({ name, enabled: true, "success-response": name !== "guest-shutdown" })) };
    case "guest-get-host-name":
      return { "host-name": machine.hostname };
    case "guest-get-osinfo":
      return { id: "berth-simulated", name: "Berth simulated guest", "kernel-release": "6.1.0-berth-simulated", machine: "x86_64" };
    case "guest-get-vcpus":
      return Array.from({ length: domain.vcpus }, (_, index) => ({ "logical-id": index, online: true, "can-offline": index > 0 }));
    case "guest-get-time":
      return machine.nowMs * 1_000_000;
    case "guest-set-time":
      domain.guest.clockOffsetMs = typeof args["time"] === "number" ? args["time"] / 1_000_000 - state.clock.nowMs() : 0;
      return {};
    case "guest-network-get-interfaces":
      return interfaces(domain);
    case "guest-fsfreeze-freeze":
      machine.sync();
      return 1;
    case "guest-fsfreeze-thaw":
      return 1;
    case "guest-shutdown":
      askShutdown(state, host, domain);
      return {};
    case "guest-exec":
      return execute(machine, args);
    case "guest-exec-status":
      return execStatus(domain, args);
    default:
      throw new DriverError("unsupported", `The guest agent of ${instanceId} does not know "${command}"; it knows ${COMMANDS.join(", ")}.`, { command });
  }
}

function interfaces(domain: DomainRecord): unknown[] {
  const loopback = { name: "lo", "hardware-address": "00:00:00:00:00:00", "ip-addresses": [{ "ip-address": "127.0.0.1", "ip-address-type": "ipv4", prefix: 8 }] };
  const cards = domain.spec.nics.map((nic, index) => ({
    name: `eth${index}`,
    "hardware-address": nic.macAddress,
    "ip-addresses": nic.ipAddress === null ? [] : [{ "ip-address": nic.ipAddress, "ip-address-type": nic.ipAddress.includes(":") ? "ipv6" : "ipv4", prefix: 24 }],
  }));
  return [loopback, ...cards];
}

/** Programs end at once; their output waits for `guest-exec-status`, once. */
function execute(machine: GuestMachine, args: Readonly<Record<string, unknown>>): unknown {
  const path = args["path"];
  if (typeof path !== "string" || path === "") throw new DriverError("invalid", 'guest-exec needs "path": the program to run.');
  const words = Array.isArray(args["arg"]) ? args["arg"].map(String) : [];
  const line = [path, ...words].map((word) => (word.includes("'") ? `"${word}"` : `'${word}'`)).join(" ");
  const { jobs } = machine.domain.guest;
  const pid = machine.domain.guest.nextPid++;
  jobs.set(pid, runShell(machine, line));
  for (const oldest of jobs.keys()) {
    if (jobs.size <= MAX_JOBS) break;
    jobs.delete(oldest);
  }
  return { pid };
}

function execStatus(domain: DomainRecord, args: Readonly<Record<string, unknown>>): unknown {
  const pid = Number(args["pid"]);
  const job = domain.guest.jobs.get(pid);
  if (!job) throw new DriverError("invalid", `The guest agent knows no program with pid ${String(args["pid"])}.`);
  domain.guest.jobs.delete(pid);
  const encoded = (text: string): string => Buffer.from(text, "utf8").toString("base64");
  return {
    exited: true,
    exitcode: job.exitCode,
    ...(job.stdout === "" ? {} : { "out-data": encoded(job.stdout) }),
    ...(job.stderr === "" ? {} : { "err-data": encoded(job.stderr) }),
  };
}
