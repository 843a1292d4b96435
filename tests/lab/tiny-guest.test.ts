import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "@/server/lab";
import { buildTinyImage, type TinyImage } from "@/server/lab/image";
import { waitUntil } from "@/server/lab/run-command";
import { seedImage } from "@/server/platform/seed-image";
import { throwAwayLab, whyNoLab } from "./throw-away-lab";

const reason = await whyNoLab();
/** A guest boots in 4 s on a free machine; the bound is for two cores that emulate ten others. */
const bootMs = 120_000;

describe.skipIf(reason !== null)(`tiny guest${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let lab: Lab;
  let image: TinyImage;
  const pool = "/var/lib/libvirt/berth";
  const address = () => lab.guestAddresses.first;
  const serial = () => readFileSync(`${lab.sharedPoolDirectory}/guest.serial`, "utf8");
  const virsh = (host: number, ...args: string[]) => {
    const result = spawnSync("virsh", ["-q", "-c", `qemu+tcp://${lab.hosts[host]!.managementAddress}/system`, ...args], { encoding: "utf8", timeout: 60_000 });
    if (result.status !== 0) throw new Error(result.stderr);
    return result.stdout;
  };
  const domain = () => `<domain type='qemu'><name>ins-tiny</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>
    <os><type arch='x86_64' machine='q35'>hvm</type><kernel>${pool}/kernel</kernel><initrd>${pool}/initrd</initrd><cmdline>${image.commandLine}</cmdline></os>
    <features><acpi/><apic/></features><devices>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none'/><source file='${pool}/guest.qcow2'/><target dev='vda' bus='virtio'/></disk>
    <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='${pool}/seed.iso'/><target dev='vdb' bus='virtio'/><readonly/></disk>
    <interface type='bridge'><mac address='52:54:00:be:00:07'/><source bridge='br0'/><model type='virtio'/></interface>
    <serial type='file'><source path='${pool}/guest.serial' append='on'/></serial>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <video><model type='vga'/></video><rng model='virtio'><backend model='random'>/dev/urandom</backend></rng></devices></domain>`;
  const start = async (host: number) => {
    writeFileSync(`${lab.options.directory}/shared/guest.xml`, domain());
    virsh(host, "create", `${lab.options.directory}/shared/guest.xml`);
    const boots = serial().split("BERTH-BOOTED").length;
    await waitUntil("the boot marker is on the serial port", bootMs, () => serial().split("BERTH-BOOTED").length > boots, 100);
    const answers = () => { try { agent(host, "guest-ping"); return true; } catch { return false; } };
    await waitUntil("the guest agent answers", 60_000, answers, 200);
  };
  const agent = (host: number, execute: string, args?: object): unknown => (JSON.parse(virsh(host, "qemu-agent-command", "ins-tiny", JSON.stringify({ execute, arguments: args }), "--timeout", "20")) as { return: unknown }).return;
  const inside = async (host: number, line: string): Promise<string> => {
    const { pid } = agent(host, "guest-exec", { path: "/bin/sh", arg: ["-c", line], "capture-output": true }) as { pid: number };
    let status: { exited: boolean; "out-data"?: string } = { exited: false };
    await waitUntil(`"${line}" ends in the guest`, 60_000, () => (status = agent(host, "guest-exec-status", { pid }) as typeof status).exited, 100);
    return Buffer.from(status["out-data"] ?? "", "base64").toString().trim();
  };

  beforeAll(async () => {
    lab = await throwAwayLab("tiny", { hostCount: 2 });
    [image] = await Promise.all([buildTinyImage({ directory: fileURLToPath(new URL("../../.data/images", import.meta.url)) }), lab.up()]);
    await lab.installVolumes([{ from: image.kernelPath, name: "kernel" }, { from: image.initrdPath, name: "initrd" }, { from: image.rootVolumePath, name: "base.qcow2" }]);
    const storage = lab.sharedPoolDirectory;
    spawnSync("qemu-img", ["create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2", `${storage}/guest.qcow2`, "512M"]);
    writeFileSync(`${storage}/guest.serial`, "");
    writeFileSync(`${storage}/seed.iso`, seedImage({
      "meta-data": 'instance-id: "ins_tiny1-0"\nlocal-hostname: "web-1"\npublic-keys:\n  - "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAITest someone@example"\n',
      "user-data": '#cloud-config\nruncmd:\n  - echo first > /data/from-user-data\n  - [ sh, -c, "echo second >> /data/from-user-data" ]\n',
      "network-config": `version: 2\nethernets:\n  nic0:\n    match:\n      macaddress: "52:54:00:be:00:07"\n    set-name: eth0\n    addresses:\n      - "${address()}/24"\n    routes:\n      - to: "0.0.0.0/0"\n        via: "${lab.gatewayAddress}"\n    nameservers:\n      addresses:\n        - "192.0.2.53"\n`,
    }));
  }, 300_000);
  afterAll(() => lab.down());

  it("boots from its seed: name, address, keys, commands, agent", async () => {
    await start(0);
    expect(serial()).toContain(`BERTH-BOOTED instance=ins_tiny1-0 name=web-1 address=${address()}`);
    expect(agent(0, "guest-ping")).toEqual({});
    expect(await inside(0, "hostname; cat /root/.ssh/authorized_keys /etc/resolv.conf; ip route | head -n 1")).toBe(
      `web-1\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAITest\nnameserver 192.0.2.53\ndefault via ${lab.gatewayAddress} dev eth0`,
    );
    await waitUntil("the user's commands ran", 30_000, async () => (await inside(0, "cat /data/from-user-data")) === "first\nsecond", 500);
    expect(spawnSync("ping", ["-c", "1", "-W", "5", address()]).status).toBe(0);
  }, 240_000);

  it("sees its disk grow live, and grows its file system", async () => {
    virsh(0, "blockresize", "ins-tiny", "vda", "800M");
    await waitUntil("the guest's file system has grown", 60_000, async () => Number(await inside(0, "df -m /data | tail -n 1 | awk '{print $2}'")) > 700, 500);
    expect(await inside(0, "cat /sys/class/block/vda/size")).toBe(String((800 * 1024 * 1024) / 512));
  });

  it("keeps every acknowledged write over a power loss, and goes on on another host", async () => {
    let text = "";
    const listener = createServer((socket) => {
      socket.on("data", (data) => (text += data.toString()));
      socket.on("error", () => undefined);
    });
    await new Promise<void>((resolve) => listener.listen(0, lab.gatewayAddress, resolve));
    const { port } = listener.address() as { port: number };
    await inside(0, `/bin/berth-writer start ${lab.gatewayAddress} ${port}`);
    const acknowledged = () => Number(text.split("\n").slice(0, -1).at(-1)?.replace("ACK ", "") ?? 0);
    await waitUntil("the guest has acknowledged twenty writes", 60_000, () => acknowledged() >= 20);
    await lab.crash("h1");
    listener.close();
    const promised = acknowledged();
    await start(1);
    const found = JSON.parse(await inside(1, "/bin/berth-writer verify")) as { records: number; bad: number };
    expect(found.records).toBeGreaterThanOrEqual(promised);
    // The record that was being written when the power went was promised to nobody.
    expect(found.bad).toBeLessThanOrEqual(found.records - promised);
  }, 300_000);

  it("shuts down when asked through its power button", async () => {
    virsh(1, "shutdown", "ins-tiny", "--mode", "acpi");
    await waitUntil("the guest is off", 60_000, () => !virsh(1, "list", "--name").includes("ins-tiny"), 200);
    expect(serial()).toMatch(/the system is going down/);
  });
});
