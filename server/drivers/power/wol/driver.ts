import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { systemClock, type Clock } from "@/server/platform/clock";
import { DriverError } from "../../errors";
import type { PowerDriver } from "../types";

const STATUS_TIMEOUT_MS = 3_000;
/** From power-on to the first answer of a server: firmware checks alone take one to three minutes. */
const WAKE_TIMEOUT_MS = 300_000;
/** The packet is not acknowledged by anyone, so it is repeated. */
const REPEAT_MS = 1_000;
/** The discard port by custom; network cards look at the payload only. */
const WAKE_PORT = 9;

/** Six times FF, then the card's address sixteen times (AMD's Magic Packet white paper, 1995). */
export function magicPacket(macAddress: string): Buffer {
  const digits = macAddress.replaceAll(/[:-]/g, "");
  if (!/^[0-9a-f]{12}$/i.test(digits)) throw new DriverError("invalid", `"${macAddress}" is no MAC address; expected six pairs of hexadecimal digits.`);
  const mac = Buffer.from(digits, "hex");
  return Buffer.concat([Buffer.alloc(6, 0xff), ...Array.from({ length: 16 }, () => mac)]);
}

/** Wake-on-LAN: can wake and can see that a host answers; it can never say that a host is off. */
export function wolPower(options: { readonly clock?: Clock; readonly port?: number } = {}): PowerDriver {
  const clock = options.clock ?? systemClock;
  return {
    kind: "wol",
    connect(config) {
      if (config.kind !== "wol") throw new DriverError("invalid", `The wake-on-LAN driver was given a device of the kind ${config.kind}.`);
      const packet = magicPacket(config.macAddress);
      const answers = (timeoutMs: number) => probe(config.probeAddress, config.probePort, timeoutMs);
      return {
        kind: "wol",
        canFence: false,
        async status(call) {
          const timeoutMs = call?.timeoutMs ?? STATUS_TIMEOUT_MS;
          if (await answers(timeoutMs)) return "on";
          throw new DriverError("unreachable", `${config.probeAddress}:${config.probePort} did not answer within ${timeoutMs} ms. Wake-on-LAN cannot tell whether the host is off or cut off; look at the machine.`);
        },
        off() {
          return Promise.reject(new DriverError("unsupported", `The host with the MAC address ${config.macAddress} cannot be powered off by wake-on-LAN. Give it a management controller (IPMI or Redfish), or power it off by hand and vouch for it.`));
        },
        async on(call) {
          const timeoutMs = call?.timeoutMs ?? WAKE_TIMEOUT_MS;
          const end = clock.nowMs() + timeoutMs;
          while (clock.nowMs() < end) {
            await broadcast(packet, config.broadcastAddress, options.port ?? WAKE_PORT);
            const startMs = clock.nowMs();
            if (await answers(Math.max(1, Math.min(REPEAT_MS, end - startMs)))) return;
            await clock.sleep(Math.max(0, Math.min(REPEAT_MS - (clock.nowMs() - startMs), end - clock.nowMs())));
          }
          throw new DriverError("timeout", `The host with the MAC address ${config.macAddress} was woken for ${timeoutMs / 1000} s, and ${config.probeAddress}:${config.probePort} never answered. Check that wake-on-LAN is on in its firmware and that broadcasts to ${config.broadcastAddress} reach it.`);
        },
        powerReading: () => Promise.resolve(null),
      };
    },
  };
}

async function broadcast(packet: Buffer, address: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = createSocket("udp4");
    const finish = (cause: Error | null) => {
      socket.close();
      if (cause) reject(new DriverError("unreachable", `The wake-up packet could not be sent to ${address}: ${cause.message}`, {}, { cause }));
      else resolve();
    };
    socket.once("error", finish);
    socket.bind(() => {
      socket.setBroadcast(true);
      socket.send(packet, port, address, finish);
    });
  });
}

/** Only an accepted connection counts: a refusal may come from a firewall on the way while the host sleeps. */
async function probe(address: string, port: number, timeoutMs: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const finish = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(timeoutMs, () => finish(false));
    socket.on("connect", () => finish(true));
    socket.on("error", () => finish(false));
  });
}
