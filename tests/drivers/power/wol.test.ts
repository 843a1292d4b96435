import { createSocket } from "node:dgram";
import { createServer, type AddressInfo } from "node:net";
import { expect, it } from "vitest";
import type { DriverError } from "@/server/drivers/errors";
import { magicPacket, wolPower } from "@/server/drivers/power/wol";

const mac = "52:54:00:12:34:56";
const failure = (work: Promise<unknown>) => work.then(() => { throw new Error("it did not fail"); }, (cause: unknown) => cause as DriverError);

it("builds the packet: six times FF, sixteen times the address", () => {
  const packet = magicPacket(mac);
  expect(packet.length).toBe(102);
  expect(packet.subarray(0, 6)).toEqual(Buffer.alloc(6, 0xff));
  for (let copy = 0; copy < 16; copy += 1) expect(packet.subarray(6 + copy * 6, 12 + copy * 6).toString("hex")).toBe("525400123456");
  expect(() => magicPacket("52:54:00")).toThrow(/MAC/);
});

it("wakes a host: returns when the host answers, after the packet was on the wire", async () => {
  const server = createServer();
  const wire = createSocket("udp4");
  await new Promise<void>((resolve) => wire.bind(0, "127.0.0.1", resolve));
  const woken = new Promise<Buffer>((resolve) => wire.once("message", resolve));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const device = wolPower({ port: wire.address().port }).connect({ kind: "wol", macAddress: mac, broadcastAddress: "127.0.0.1", probeAddress: "127.0.0.1", probePort: (server.address() as AddressInfo).port });
  await device.on({ timeoutMs: 5_000 });
  expect(await woken).toEqual(magicPacket(mac));
  expect(await device.status()).toBe("on");
  server.close();
  wire.close();
});

it("is no fencing device: it never says off", async () => {
  // 192.0.2.0/24 is set aside for documentation (RFC 5737): nothing accepts a connection there.
  const device = wolPower().connect({ kind: "wol", macAddress: mac, broadcastAddress: "127.0.0.1", probeAddress: "192.0.2.1", probePort: 9 });
  expect(device.canFence).toBe(false);
  expect((await failure(device.off())).code).toBe("unsupported");
  expect((await failure(device.status({ timeoutMs: 200 }))).code).toBe("unreachable");
  expect((await failure(device.on({ timeoutMs: 700 }))).code).toBe("timeout");
});
