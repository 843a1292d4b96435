import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { remoteWorld, simulatedDriver } from "@/server/drivers/hypervisor/simulated";
import { simulatedPower } from "@/server/drivers/power/simulated";

let child: ReturnType<typeof spawn>;
let address = "";

beforeAll(async () => {
  child = spawn(process.execPath, ["--import", "tsx", "server/drivers/hypervisor/simulated/main.ts", "--hosts", "h1,h2", "--image", "shared/golden:qcow2:64", "--guest-boot-ms", "100"], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout!, "data")) as [Buffer];
  address = (JSON.parse(line.toString()) as { address: string }).address;
});

afterAll(async () => {
  child.kill("SIGTERM");
  const [code] = child.exitCode === null ? ((await once(child, "exit")) as [number]) : [child.exitCode];
  expect(code).toBe(0);
});

describe("a world in another process", () => {
  it("serves driver, power and lab verbs through one door", async () => {
    const host = simulatedDriver().connect({ hostId: "hst_1", uri: `simulated://h1@${address}`, managementAddress: "127.0.0.1" });
    expect(await host.ping()).toBeGreaterThan(0);
    const device = simulatedPower().connect({ kind: "simulated", hostName: `h1@${address}` });
    expect(await device.status()).toBe("on");
    const lab = remoteWorld(`http://${address}`);
    await lab.call("crash", "h1", {});
    expect(await device.status()).toBe("off");
    expect((await lab.call("status", "", {})).hosts.map((entry) => [entry.name, entry.phase])).toEqual([["h1", "off"], ["h2", "up"]]);
    await expect(host.observe({ timeoutMs: 200 })).rejects.toMatchObject({ code: "unreachable" });
    await expect(lab.call("crash", "h7", {})).rejects.toMatchObject({ code: "unreachable", message: expect.stringContaining("h7") as string });
    expect(await lab.call("doubleRuns", "", {})).toEqual([]);
    await lab.close();
    await host.close();
  });

  it("says unreachable when the world itself is away", async () => {
    const host = simulatedDriver().connect({ hostId: "hst_1", uri: "simulated://h1@127.0.0.1:1", managementAddress: "127.0.0.1" });
    await expect(host.observe()).rejects.toMatchObject({ name: "DriverError", code: "unreachable" });
  });

  it("draws a picture on its screen", async () => {
    const host = simulatedDriver().connect({ hostId: "hst_2", uri: `simulated://h2@${address}`, managementAddress: "127.0.0.1" });
    await host.ensureVolume({ pool: "shared", name: "root", format: "qcow2", capacityMiB: 64, backing: { volume: "golden", format: "qcow2" } });
    await host.startDomain({
      instanceId: "ins_screen", uuid: "5a2d3c1e-0000-4000-8000-000000000009", title: "web", epoch: 1, vcpus: 1, maxVcpus: 1, memoryMiB: 64, maxMemoryMiB: 64,
      cpu: { model: "qemu64", shares: 1024, limitMillicores: null }, boot: { kind: "disk", firmware: "bios" },
      disks: [{ target: "vda", pool: "shared", volume: "root", format: "qcow2", readOnly: false }], nics: [],
    });
    const screen = await host.screenEndpoint("ins_screen");
    const socket = connect(screen.port, screen.host);
    let received = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
    });
    const have = async (bytes: number): Promise<void> => {
      while (received.length < bytes) await once(socket, "data");
    };
    await have(12);
    socket.write("RFB 003.008\n");
    await have(14);
    socket.write(Buffer.from([1]));
    await have(18);
    socket.write(Buffer.from([1]));
    await have(18 + 24);
    const [width, height] = [received.readUInt16BE(18), received.readUInt16BE(20)];
    expect([width, height]).toEqual([960, 450]);
    const head = 18 + 24 + received.readUInt32BE(18 + 20);
    // Without SetEncodings the picture is raw: every rectangle is one line of text, 12 + 960 * 18 * 4 bytes.
    socket.write(Buffer.from([3, 0, 0, 0, 0, 0, 3, 192, 1, 194]));
    const row = 12 + 960 * 18 * 4;
    await have(head + 4 + 25 * row);
    const colours = new Set<number>();
    for (let at = head + 4 + 12; at + 4 <= head + 4 + row; at += 4) colours.add(received.readUInt32LE(at) & 0xffffff);
    expect(colours).toEqual(new Set([0x0c1220, 0xd2e2f0]));
    const closed = once(socket, "close");
    await host.stopDomain("ins_screen", "destroy");
    await closed;
    await host.close();
  });
});
