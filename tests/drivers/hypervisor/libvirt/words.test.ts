import { describe, expect, it } from "vitest";
import { driverCodeOf, LIBVIRT_ERROR, LibvirtError } from "@/server/drivers/hypervisor/libvirt/errors";
import { peerUri } from "@/server/drivers/hypervisor/libvirt/migrate";
import { parseTarget } from "@/server/drivers/hypervisor/libvirt/rpc/transport";
import { domainState, lifecycleEvent } from "@/server/drivers/hypervisor/libvirt/states";

describe("libvirt's errors in our words", () => {
  it.each([
    [LIBVIRT_ERROR.noDomain, "Domain not found", "not-found"],
    [LIBVIRT_ERROR.noStorageVolume, "Storage volume not found", "not-found"],
    [LIBVIRT_ERROR.storageVolumeExists, "exists", "already-exists"],
    [1, 'process exited while connecting to monitor: Failed to get "write" lock\nIs another process using the image [/a]?', "locked"],
    [LIBVIRT_ERROR.resourceBusy, "Lockspace resource '/a' is locked", "locked"],
    [1, "qemu: cannot set up guest memory 'pc.ram': Cannot allocate memory", "insufficient"],
    [LIBVIRT_ERROR.agentUnresponsive, "Guest agent is not responding", "timeout"],
    [LIBVIRT_ERROR.operationTimeout, "cannot acquire state change lock", "timeout"],
    [LIBVIRT_ERROR.cpuIncompatible, "guest CPU doesn't match", "unsupported"],
    [LIBVIRT_ERROR.authFailed, "authentication failed", "refused"],
    [LIBVIRT_ERROR.xmlError, "missing element", "invalid"],
    [9, "operation failed: something new", "failed"],
  ] as const)("%d %s is %s", (code, message, expected) => {
    expect(driverCodeOf({ code, message })).toBe(expected);
  });

  it("keep the host's own words for the log", () => {
    const error = new LibvirtError("domain-create", "tcp://h:1", { code: 42, domain: 10, message: "Domain not found", level: 2, dom: null, str1: "%s", str2: null, str3: null, int1: -1, int2: -1, net: null });
    expect(error.message).toBe("domain-create on tcp://h:1 did not work: Domain not found");
    expect(error.detail).toEqual({ libvirtCode: 42, libvirtDomain: 10, libvirtMessage: "Domain not found" });
    expect(error.outcomeUnknown).toBe(false);
  });
});

describe("libvirt's states in our words", () => {
  it.each([
    [1, 1, "running", "started"],
    [1, 2, "running", "migrated-in"],
    [3, 2, "paused", "migrating"],
    [3, 5, "paused", "io-error"],
    [5, 1, "stopped", "guest-shutdown"],
    [5, 2, "stopped", "destroyed"],
    [5, 3, "crashed", "crashed"],
    [5, 4, "stopped", "migrated-out"],
    [6, 1, "crashed", "crashed"],
    [7, 1, "suspended", "unknown"],
    [5, 99, "stopped", "unknown"],
    [99, 0, "stopped", "unknown"],
  ] as const)("state %d reason %d is %s, %s", (state, reason, name, why) => {
    expect(domainState(state, reason)).toEqual({ state: name, reason: why });
  });

  it("events", () => {
    expect(lifecycleEvent(2, 0)).toEqual({ kind: "started", reason: "started" });
    expect(lifecycleEvent(5, 1)).toEqual({ kind: "stopped", reason: "destroyed" });
    expect(lifecycleEvent(5, 5)).toEqual({ kind: "crashed", reason: "crashed" });
    expect(lifecycleEvent(5, 3)).toEqual({ kind: "migrated", reason: "migrated-out" });
    expect(lifecycleEvent(77, 0)).toBeNull();
  });
});

describe("addresses", () => {
  it("are read from URIs", () => {
    expect(parseTarget("tcp://10.0.0.1")).toMatchObject({ kind: "tcp", host: "10.0.0.1", port: 16509, connectName: "qemu:///system" });
    expect(parseTarget("tls://host.example:17000")).toMatchObject({ kind: "tls", host: "host.example", port: 17000 });
    expect(parseTarget("tls://[fd00::1]")).toMatchObject({ host: "fd00::1", port: 16514 });
    expect(parseTarget("unix:///run/libvirt/libvirt-sock?name=test:///default")).toMatchObject({ kind: "unix", path: "/run/libvirt/libvirt-sock", connectName: "test:///default" });
    for (const uri of ["", "h1", "ssh://h1", "tcp://"]) expect(() => parseTarget(uri)).toThrow(expect.objectContaining({ code: "invalid" }));
  });

  it("are told to the other host by its management address", () => {
    expect(peerUri({ hostId: "a", uri: "tcp://h2:16509", managementAddress: "10.0.0.2" })).toBe("qemu+tcp://10.0.0.2:16509/system");
    expect(peerUri({ hostId: "a", uri: "tls://h2", managementAddress: "fd00::2" })).toBe("qemu+tls://[fd00::2]:16514/system");
    expect(() => peerUri({ hostId: "a", uri: "unix:///x", managementAddress: "" })).toThrow(expect.objectContaining({ code: "invalid" }));
  });
});
