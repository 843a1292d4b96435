import { Duplex } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { WorldState } from "../state";
import { runningDomain } from "../state";
import type { HostRecord } from "../types";
import { Terminal } from "./terminal";

const MAX_UNREAD_BYTES = 65_536;

/** The first serial port as a byte stream; it ends when the QEMU process does. */
export function openSerialPort(state: WorldState, host: HostRecord, instanceId: string): Duplex {
  const domain = runningDomain(host, instanceId, "The serial console");
  const decoder = new StringDecoder("utf8");
  let held: (() => void) | null = null;
  const port = new Duplex({
    read() {
      const release = held;
      held = null;
      release?.();
    },
    // Input waits while nobody reads the output, so that a flood of commands cannot fill the memory.
    write(chunk: Buffer, _encoding, callback) {
      terminal.type(decoder.write(chunk));
      if (port.readableLength < MAX_UNREAD_BYTES) callback();
      else held = callback;
    },
    final(callback) {
      callback();
    },
    destroy(error, callback) {
      stop();
      guest.ends.delete(end);
      guest.serial.delete(print);
      callback(error);
    },
  });
  const { guest } = domain;
  const print = (text: string): void => {
    if (!port.destroyed && !port.readableEnded) port.push(Buffer.from(text, "utf8"));
  };
  const end = (): void => {
    port.push(null);
    port.end();
  };
  const terminal = new Terminal(state, host, domain, print);
  guest.ends.add(end);
  guest.serial.add(print);
  const stop = terminal.open();
  return port;
}
