import { narrowScreenshot } from "../picture";
import { DriverError } from "../../errors";
import type { HostEndpoint, HypervisorDriver, HypervisorHost } from "../types";
import { parseSimulatedAddress } from "./address";
import type { WorldPort } from "./port";
import { remoteWorld } from "./remote";
import type { World } from "./world";

/** Worlds of other processes, one connection each for the life of this process. */
const remotes = new Map<string, WorldPort>();

/** The port that an address means: this process's world, or one behind `@127.0.0.1:PORT`. */
export function portFor(address: { readonly server: string | null }, local: WorldPort | null): WorldPort {
  if (address.server === null) {
    if (local) return local;
    throw new DriverError("invalid", "This process holds no simulated world; write the address as simulated://HOST@127.0.0.1:PORT.");
  }
  const known = remotes.get(address.server);
  if (known) return known;
  const port = remoteWorld(`http://${address.server}`);
  remotes.set(address.server, port);
  return port;
}

/** The simulated hypervisor. Without a world of its own it serves addresses with a server part only. */
export function simulatedDriver(world?: Pick<World, "port"> | null): HypervisorDriver {
  return {
    kind: "simulated",
    connect: (endpoint) => {
      const address = parseSimulatedAddress(endpoint.uri);
      return simulatedHost(endpoint, address.hostName, portFor(address, world?.port ?? null));
    },
  };
}

function simulatedHost(endpoint: HostEndpoint, name: string, port: WorldPort): HypervisorHost {
  const stops = new Set<() => void>();
  return {
    endpoint,
    async ping(options) {
      const startedAt = performance.now();
      await port.call("ping", name, {}, options);
      return performance.now() - startedAt;
    },
    facts: (options) => port.call("facts", name, {}, options),
    observe: (options) => port.call("observe", name, {}, options),
    watch(onEvent, onReconnect) {
      const stop = port.watch(name, onEvent, onReconnect);
      stops.add(stop);
      return () => {
        stops.delete(stop);
        stop();
      };
    },
    listPools: (options) => port.call("listPools", name, {}, options),
    listVolumes: (pool, options) => port.call("listVolumes", name, { pool }, options),
    ensureVolume: (spec, options) => port.call("ensureVolume", name, spec, options),
    uploadVolume: (pool, volume, content, sizeBytes, options) => port.uploadVolume(name, pool, volume, content, sizeBytes, options),
    async growVolume(pool, volume, capacityMiB, options) {
      await port.call("growVolume", name, { pool, name: volume, capacityMiB }, options);
    },
    deleteVolume: (pool, volume, options) => port.call("deleteVolume", name, { pool, name: volume }, options),
    async startDomain(spec, options) {
      await port.call("startDomain", name, spec, options);
    },
    async stopDomain(instanceId, mode, options) {
      await port.call("stopDomain", name, { instanceId, mode }, options);
    },
    async rebootDomain(instanceId, mode, options) {
      await port.call("rebootDomain", name, { instanceId, mode }, options);
    },
    async resumeDomain(request, options) {
      await port.call("resumeDomain", name, request, options);
    },
    removeDomain: (instanceId, options) => port.call("removeDomain", name, { instanceId }, options),
    saveDomain: (request, options) => port.call("saveDomain", name, request, options),
    async restoreDomain(spec, from, options) {
      await port.call("restoreDomain", name, { spec, from }, options);
    },
    resizeDomain: (request, options) => port.call("resizeDomain", name, request, options),
    async growDisk(instanceId, target, capacityMiB, options) {
      await port.call("growDisk", name, { instanceId, target, capacityMiB }, options);
    },
    migrate({ to, onProgress, ...request }) {
      // The bound of the copy is the request's own; the call itself gets a little more, to hear how it ended.
      return port.call("migrate", name, { ...request, toUri: to.uri }, { timeoutMs: request.timeoutMs + 10_000, onProgress });
    },
    async abortMigration(instanceId, options) {
      await port.call("abortMigration", name, { instanceId }, options);
    },
    readLease: (pool, hostUuid, options) => port.call("readLease", name, { pool, hostUuid }, options),
    async askToYield(pool, hostUuid, request, options) {
      await port.call("askToYield", name, { pool, hostUuid, request }, options);
    },
    dirtyRate: (instanceId, seconds, options) => port.call("dirtyRate", name, { instanceId, seconds }, options),
    agentCommand: (instanceId, command, args = {}, options) => port.call("agentCommand", name, { instanceId, command, args }, options),
    screenEndpoint: (instanceId, options) => port.call("screenEndpoint", name, { instanceId }, options),
    // A simulated screen has no channel for one, as its endpoint says.
    clipboardState: async () => "none",
    screenshot: async (instanceId, options) => narrowScreenshot(await port.call("screenshot", name, { instanceId }, options), options?.widthPixels),
    personaliseGuest: (instanceId, personality, options) => port.call("personaliseGuest", name, { instanceId, personality }, options),
    listGuestFiles: (instanceId, options) => port.call("listGuestFiles", name, { instanceId }, options),
    readGuestFile: async (instanceId, part, options) => Buffer.from(await port.call("readGuestFile", name, { instanceId, ...part }, options), "base64"),
    async writeGuestFile(instanceId, { data, ...part }, options) {
      await port.call("writeGuestFile", name, { instanceId, ...part, base64: data.toString("base64") }, options);
    },
    openSerial: (instanceId, options) => port.openSerial(name, instanceId, options),
    async close() {
      for (const stop of stops) stop();
      stops.clear();
    },
  };
}
