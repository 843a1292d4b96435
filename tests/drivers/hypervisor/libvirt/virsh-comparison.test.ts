import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLibvirtDriver, type LibvirtHost } from "@/server/drivers/hypervisor/libvirt";
import { METADATA_URI } from "@/server/drivers/hypervisor/libvirt/domain-xml";
import { RpcConnection } from "@/server/drivers/hypervisor/libvirt/rpc/connection";
import { type Procedure, procedures } from "@/server/drivers/hypervisor/libvirt/rpc/procedures";
import { type DomainRef, toParameterMap } from "@/server/drivers/hypervisor/libvirt/rpc/structures";
import type { DomainSpec } from "@/server/drivers/hypervisor/types";
import { eventually } from "../contract";
import { PrivateLibvirtd, reasonToSkip } from "./private-libvirtd";

const skipped = reasonToSkip();
if (skipped !== null) console.log(`libvirt client against a private libvirtd: skipped, ${skipped}`);

const text = (value: number | bigint | boolean | string | undefined): string => (typeof value === "boolean" ? (value ? "yes" : "no") : String(value));

describe.skipIf(skipped !== null)(`the libvirt client beside virsh${skipped === null ? "" : ` (skipped: ${skipped})`}`, () => {
  let daemon: PrivateLibvirtd;
  let connection: RpcConnection;
  let host: LibvirtHost;
  const call = <Args, Reply>(procedure: Procedure<Args, Reply>, args: Args): Promise<Reply> => connection.call(procedure, args, { timeoutMs: 5000 });
  const domain = async (name: string): Promise<DomainRef> => (await call(procedures.domainLookupByName, { name })).dom;
  const domainXml = (name: string): string => `<domain type='test'><name>${name}</name><memory unit='MiB'>64</memory><vcpu>2</vcpu><os><type>hvm</type></os></domain>`;

  beforeAll(async () => {
    daemon = await PrivateLibvirtd.start();
    connection = await RpcConnection.open(daemon.endpoint);
    host = createLibvirtDriver({ openTimeoutMs: 1500, keepalive: { intervalMs: 200, count: 3 } }).connect(daemon.endpoint);
  });

  afterAll(async () => {
    await host?.close();
    connection?.close();
    await daemon?.stop();
  });

  it("reads the same about the host", async () => {
    expect((await call(procedures.connectGetHostname, undefined)).value).toBe(await daemon.virsh("hostname"));
    expect((await call(procedures.connectGetUri, undefined)).value).toBe("test:///default");
    expect((await call(procedures.connectGetCapabilities, undefined)).value.trim()).toBe(await daemon.virsh("capabilities"));
    const node = await call(procedures.nodeGetInfo, undefined);
    const words = await daemon.virsh("nodeinfo");
    expect(words).toMatch(new RegExp(`CPU model: +${node.model}\\n`));
    expect(words).toMatch(new RegExp(`CPU\\(s\\): +${node.cpus}\\n`));
    expect(words).toMatch(new RegExp(`Memory size: +${node.memoryKiB} KiB`));
    expect(words).toMatch(new RegExp(`NUMA cell\\(s\\): +${node.nodes}\\n`));
  });

  it("reads the same about a domain", async () => {
    const dom = await domain("test");
    expect(dom.id).toBe(Number(await daemon.virsh("domid", "test")));
    expect((await call(procedures.domainGetXml, { dom, flags: 0 })).value.trim()).toBe(await daemon.virsh("dumpxml", "test"));
    const { state, reason } = await call(procedures.domainGetState, { dom, flags: 0 });
    expect([state, reason]).toEqual([1, 0]);
    expect(await daemon.virsh("domstate", "test")).toBe("running");
    expect((await call(procedures.domainLookupByUuid, { uuid: dom.uuid })).dom).toEqual(dom);
    expect((await call(procedures.listDomains, { needResults: true, flags: 0 })).domains.map((each) => each.name)).toEqual((await daemon.virsh("list", "--all", "--name")).split("\n").filter(Boolean));
  });

  it("reads the same bulk statistics", async () => {
    const { records } = await call(procedures.allDomainStats, { doms: [], stats: 1 | 8, flags: 0 });
    const ours = toParameterMap(records[0]?.params ?? []);
    const theirs = (await daemon.virsh("domstats", "--state", "--vcpu", "test")).split("\n").slice(1).map((line) => line.trim().split("="));
    expect(theirs.length).toBeGreaterThanOrEqual(2);
    for (const [field, value] of theirs) if (!field?.endsWith("time")) expect([field, text(ours.get(field ?? ""))]).toEqual([field, value]);
  });

  it("reads the same about pools and volumes", async () => {
    const { pools } = await call(procedures.listPools, { needResults: true, flags: 0 });
    expect(pools.map((pool) => pool.name)).toEqual((await daemon.virsh("pool-list", "--all", "--name")).split("\n").map((line) => line.trim()).filter(Boolean));
    const pool = pools[0]!;
    expect((await call(procedures.poolGetXml, { pool, flags: 0 })).value.trim()).toBe(await daemon.virsh("pool-dumpxml", pool.name));
    const { vol } = await call(procedures.volCreateXml, { pool, xml: "<volume><name>one</name><capacity unit='MiB'>10</capacity><allocation>0</allocation></volume>", flags: 0 });
    expect((await call(procedures.volGetXml, { vol, flags: 0 })).value.trim()).toBe(await daemon.virsh("vol-dumpxml", "--pool", pool.name, "one"));
    const info = await call(procedures.volGetInfo, { vol });
    expect(await daemon.virsh("vol-info", "--bytes", "--pool", pool.name, "one")).toContain(String(info.capacity));
    expect((await call(procedures.listVolumes, { pool, needResults: true, flags: 0 })).volumes.map((each) => each.name)).toEqual(["one"]);
    await call(procedures.volDelete, { vol, flags: 0 });
    expect(await daemon.virsh("vol-list", pool.name)).toBe("");
  });

  it("does what virsh then sees", async () => {
    const { dom } = await call(procedures.domainDefineXml, { xml: domainXml("ins_made"), flags: 0 });
    expect(await daemon.virsh("domstate", "ins_made")).toBe("shut off");
    const running = (await call(procedures.domainCreateWithFlags, { dom, flags: 0 })).dom;
    expect(String(running.id)).toBe(await daemon.virsh("domid", "ins_made"));
    await call(procedures.domainSuspend, { dom: running });
    expect(await daemon.virsh("domstate", "--reason", "ins_made")).toBe("paused (user)");
    await call(procedures.domainResume, { dom: running });
    await host.stopDomain("ins_made", "destroy");
    expect(await daemon.virsh("domstate", "--reason", "ins_made")).toBe("shut off (destroyed)");
    await host.stopDomain("ins_made", "destroy");
    expect(await host.removeDomain("ins_made")).toBe(true);
    expect(await host.removeDomain("ins_made")).toBe(false);
    await expect(daemon.virsh("domstate", "ins_made")).rejects.toThrow(/failed to get domain/);
  });

  it("says the same when it is refused", async () => {
    const failure = await domain("nobody").catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "DriverError", code: "not-found", libvirtCode: 42 });
    const running = await call(procedures.domainCreateWithFlags, { dom: await domain("test"), flags: 0 }).catch((error: unknown) => error);
    const theirs = await daemon.virsh("pool-start", "default-pool").catch((error: unknown) => String(error));
    const { pool } = await call(procedures.poolLookupByName, { name: "default-pool" });
    const ours = await call(procedures.poolCreate, { pool, flags: 0 }).catch((error: unknown) => error);
    expect(theirs).toContain((ours as { detail: { libvirtMessage: string } }).detail.libvirtMessage);
    expect(running).toMatchObject({ libvirtCode: 1, message: expect.stringContaining("already running") as string });
    await expect(call(procedures.domainDefineXml, { xml: "<domain/>", flags: 0 })).rejects.toMatchObject({ name: "DriverError" });
    await expect(host.listVolumes("no-such-pool")).rejects.toMatchObject({ code: "not-found" });
    await expect(host.removeDomain("test")).rejects.toMatchObject({ code: "invalid" });
  });

  it("hears what virsh does", async () => {
    const heard: string[] = [];
    const stop = host.watch((event) => heard.push(`${event.instanceId} ${event.kind} ${event.reason}`), () => heard.push("again"));
    await host.ping();
    await daemon.virsh("destroy", "test");
    await daemon.virsh("start", "test");
    await eventually(2000, "the started event", async () => heard.includes("test started started"));
    expect(heard).toContain("test stopped destroyed");
    stop();
    await daemon.virsh("suspend", "test");
    await daemon.virsh("resume", "test");
    expect(heard.some((event) => event.includes("paused"))).toBe(false);
  });

  it("observes fifty domains in one call, and reads an epoch only once", async () => {
    const metadata = "<metadata><berth:instance xmlns:berth='urn:berth:domain:1' id='x' epoch='7'/></metadata>";
    for (let i = 0; i < 50; i += 1) {
      const { dom } = await call(procedures.domainDefineXml, { xml: domainXml(`ins_${i}`).replace("<memory", `${metadata}<memory`), flags: 0 });
      await call(procedures.domainCreateWithFlags, { dom, flags: 0 });
    }
    const first = await host.observe();
    expect(first.domains).toHaveLength(51);
    expect(first.domains.filter((each) => each.epoch === 7)).toHaveLength(50);
    expect(first.domains.find((each) => each.instanceId === "test")?.epoch).toBeNull();
    const times: number[] = [];
    for (let i = 0; i < 20; i += 1) {
      const startedAt = performance.now();
      expect((await host.observe()).domains).toHaveLength(51);
      times.push(performance.now() - startedAt);
    }
    console.log(`observation of 51 domains: ${times.sort((a, b) => a - b)[10]?.toFixed(1)} ms (median of 20)`);
    await daemon.virsh("destroy", "ins_3");
    await daemon.virsh("undefine", "ins_3");
    expect((await host.observe()).domains).toHaveLength(50);
    // A new definition of the same domain is a new epoch: the event makes the old one forgotten.
    await host.stopDomain("ins_4", "destroy");
    const redefined = domainXml("ins_4").replace("<memory", `<uuid>${first.domains.find((each) => each.instanceId === "ins_4")?.uuid}</uuid>${metadata.replace("'7'", "'8'")}<memory`);
    await call(procedures.domainDefineXml, { xml: redefined, flags: 0 });
    await eventually(2000, "the new epoch", async () => (await host.observe()).domains.find((each) => each.instanceId === "ins_4")?.epoch === 8);
  });

  it("takes a running machine of the same epoch for the one that is wanted on the same disks only", async () => {
    const spec = (volume: string): DomainSpec => ({
      instanceId: "ins_late", uuid: "4f9e0b0c-1c1f-4b1e-8a52-3d1a2b3c4d5e", title: "late", epoch: 3, vcpus: 1, maxVcpus: 1, memoryMiB: 64, maxMemoryMiB: 64, cpu: { model: "qemu64", shares: 1_024, limitMillicores: null },
      boot: { kind: "disk", firmware: "bios" }, disks: [{ target: "vda", pool: "default-pool", volume, format: "qcow2", readOnly: false }], nics: [],
    });
    const definition = `<domain type='test'><name>ins_late</name><uuid>4f9e0b0c-1c1f-4b1e-8a52-3d1a2b3c4d5e</uuid><metadata><berth:instance xmlns:berth='${METADATA_URI}' id='ins_late' epoch='3'/></metadata><memory unit='MiB'>64</memory>
      <vcpu>1</vcpu><os><type>hvm</type></os><devices><disk type='file' device='disk'><source file='/default-pool/root-1.qcow2'/><target dev='vda' bus='virtio'/></disk></devices></domain>`;
    await call(procedures.domainDefineXml, { xml: definition, flags: 0 });
    await daemon.virsh("start", "ins_late");
    await host.startDomain(spec("root-1.qcow2"));
    await expect(host.startDomain(spec("root-2.qcow2"))).rejects.toMatchObject({ name: "DriverError", code: "already-exists" });
    await expect(host.startDomain({ ...spec("root-1.qcow2"), epoch: 4 })).rejects.toMatchObject({ code: "already-exists" });
    await host.stopDomain("ins_late", "destroy");
    expect(await host.removeDomain("ins_late")).toBe(true);
  });

  it("keeps many calls apart by their serial numbers", async () => {
    const names = Array.from({ length: 40 }, (_, i) => `ins_${i + 5}`);
    expect((await Promise.all(names.map((name) => domain(name)))).map((dom) => dom.name)).toEqual(names);
    const startedAt = performance.now();
    for (let i = 0; i < 500; i += 1) await domain("test");
    console.log(`one call: ${((performance.now() - startedAt) / 500).toFixed(3)} ms (mean of 500)`);
  });

  it("gives up on a host that hangs, in bounded time, and comes back by itself", async () => {
    let again = 0;
    const stop = host.watch(() => undefined, () => {
      again += 1;
    });
    await host.ping();
    daemon.signal("SIGSTOP");
    const startedAt = performance.now();
    await expect(host.ping({ timeoutMs: 300 })).rejects.toMatchObject({ code: "timeout" });
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    const abort = new AbortController();
    const given = host.observe({ signal: abort.signal, timeoutMs: 5000 });
    setTimeout(() => abort.abort(), 100);
    await expect(given).rejects.toMatchObject({ name: "DriverError" });
    // 200 ms x 3 of silence: the keepalive ends the connection although no call is waiting.
    await sleep(1500);
    daemon.signal("SIGCONT");
    await eventually(8000, "the reconnect", async () => again > 0);
    expect((await host.observe()).domains.length).toBeGreaterThan(0);
    stop();
  });

  it("finds a restarted libvirtd again and says so", async () => {
    let again = 0;
    const stop = host.watch(() => undefined, () => {
      again += 1;
    });
    await host.ping();
    await daemon.kill();
    await expect(host.ping()).rejects.toMatchObject({ code: "unreachable" });
    await daemon.run();
    await eventually(8000, "the reconnect", async () => again > 0);
    expect((await host.observe()).domains.map((each) => each.instanceId)).toEqual(["test"]);
    stop();
  });
});
