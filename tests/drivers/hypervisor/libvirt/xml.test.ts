import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { domainXml } from "@/server/drivers/hypervisor/libvirt/domain-xml";
import { DEFAULT_OPTIONS } from "@/server/drivers/hypervisor/libvirt/options";
import { parseEpoch } from "@/server/drivers/hypervisor/libvirt/lookup";
import { readXml, sizeMiB } from "@/server/drivers/hypervisor/libvirt/xml-read";
import { element, escapeXml, writeXml } from "@/server/drivers/hypervisor/libvirt/xml-write";
import type { DomainSpec } from "@/server/drivers/hypervisor/types";

const spec: DomainSpec = {
  instanceId: "ins_one", uuid: "11111111-2222-4333-8444-555555555555", title: "web", epoch: 42, vcpus: 2, maxVcpus: 4, memoryMiB: 512, maxMemoryMiB: 1024,
  cpu: { model: "qemu64", shares: 512, limitMillicores: 1500 }, boot: { kind: "disk", firmware: "bios" },
  disks: [{ target: "vda", pool: "berth", volume: "one", format: "qcow2", readOnly: false }, { target: "vdb", pool: "berth", volume: "seed", format: "raw", readOnly: true }],
  nics: [{ macAddress: "52:54:00:00:00:01", bridge: "br0", ipAddress: "10.0.0.7", onlyWithin: null }],
};
const placement = { poolPaths: new Map([["berth", "/pool"]]) };
const build = (change: Partial<DomainSpec> = {}, options = DEFAULT_OPTIONS): string => domainXml({ ...spec, ...change }, placement, options);

/** Texts that a person or an attacker may give, without the characters that XML has no way to carry. */
const hostile = fc.string({ unit: fc.oneof(fc.constantFrom("<", ">", "&", "'", '"', "/", "]]>", "&amp;", "é", "\u{1F600}"), fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 1 })), minLength: 1, maxLength: 40 }).filter((text) => text.trim() === text);

describe("XML that goes to a host", () => {
  it("carries any text as a text and never as markup", () => {
    fc.assert(fc.property(hostile, hostile, (text, attribute) => {
      const parsed = readXml(writeXml(element("a", { x: attribute }, element("b", {}, text))), "a test");
      expect(parsed.at("a", "b").text).toBe(text);
      expect(parsed.at("a").attribute("x")).toBe(attribute);
    }));
  });

  it("refuses what XML cannot carry", () => {
    for (const text of ["\0", "a\u001b[2J", "\ufffe", "\ud800", "\udc00x"]) expect(() => escapeXml(text)).toThrow(expect.objectContaining({ code: "invalid" }));
    expect(escapeXml("\u{1F600} ok")).toBe("\u{1F600} ok");
  });

  it("cannot be broken out of by any field of a spec", () => {
    const evil = `x'/><disk type="file"><source file="/etc/shadow"/></disk><y z='&`;
    const parsed = readXml(build({
      instanceId: evil, title: evil, cpu: { ...spec.cpu, model: evil }, boot: { kind: "kernel", kernelPath: evil, initrdPath: evil, commandLine: evil },
      nics: [{ macAddress: evil, bridge: evil, ipAddress: evil, onlyWithin: null }],
    }), "a test").at("domain");
    expect(parsed.at("devices").all("disk")).toHaveLength(2);
    expect(parsed.at("name").text).toBe(evil);
    expect(parsed.at("os", "cmdline").text).toBe(evil);
    expect(parsed.at("devices", "interface", "filterref", "parameter").attribute("value")).toBe(evil);
  });

  it("keeps volumes inside their pool", () => {
    for (const volume of ["../etc/shadow", "a/b", "..", ".", "", "a\0b"]) {
      expect(() => build({ disks: [{ target: "vda", pool: "berth", volume, format: "raw", readOnly: false }] })).toThrow(expect.objectContaining({ code: "invalid" }));
    }
    expect(() => build({ disks: [{ target: "vda", pool: "other", volume: "one", format: "raw", readOnly: false }] })).toThrow(expect.objectContaining({ code: "not-found" }));
  });
});

describe("the definition of a domain", () => {
  const domain = readXml(build(), "a test").at("domain");

  it("says what the spec says", () => {
    expect(domain.attribute("type")).toBe("qemu");
    expect(domain.at("vcpu").text).toBe("4");
    expect(domain.at("vcpu").attribute("current")).toBe("2");
    expect(sizeMiB(domain.at("memory"))).toBe(512);
    expect(sizeMiB(domain.at("maxMemory"))).toBe(1024);
    expect(domain.at("maxMemory").attribute("slots")).toBe("4");
    expect(domain.at("cpu", "numa", "cell").attribute("cpus")).toBe("0-3");
    expect(domain.at("cpu", "model").attribute("fallback")).toBe("forbid");
    expect(domain.at("cputune", "shares").text).toBe("512");
    // 1.5 cores of a 100 ms period.
    expect(domain.at("cputune", "global_quota").text).toBe("150000");
    const [root, seed] = domain.at("devices").all("disk");
    expect(root?.at("driver").attribute("type")).toBe("qcow2");
    expect(root?.at("source").attribute("file")).toBe("/pool/one");
    expect(root?.at("readonly").exists).toBe(false);
    expect(seed?.at("driver").attribute("type")).toBe("raw");
    expect(seed?.at("readonly").exists).toBe(true);
    expect(parseEpoch(build())).toBe(42);
  });

  it("is the same text for the same spec, and leaves out what is not asked for", () => {
    expect(build()).toBe(build());
    const small = readXml(build({ maxMemoryMiB: 512, cpu: { ...spec.cpu, limitMillicores: null }, nics: [{ macAddress: "52:54:00:00:00:01", bridge: "br0", ipAddress: null, onlyWithin: null }] }), "a test").at("domain");
    expect(small.at("maxMemory").exists).toBe(false);
    expect(small.at("cpu", "numa").exists).toBe(false);
    expect(small.at("cputune", "global_quota").exists).toBe(false);
    expect(small.at("devices", "interface", "filterref").exists).toBe(false);
    expect(readXml(build({}, { ...DEFAULT_OPTIONS, accelerator: "kvm", cpuTuning: "none", machine: "pc-q35-7.2" }), "a test").at("domain").attribute("type")).toBe("kvm");
  });

  it("refuses ceilings below the size", () => {
    expect(() => build({ maxVcpus: 1 })).toThrow(expect.objectContaining({ code: "invalid" }));
    expect(() => build({ maxMemoryMiB: 256 })).toThrow(expect.objectContaining({ code: "invalid" }));
  });
});
