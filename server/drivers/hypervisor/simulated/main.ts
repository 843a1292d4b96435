import { parseArgs } from "node:util";
import { serveWorld } from "./serve";
import type { WorldOptions } from "./types";
import { createWorld } from "./world";

/**
 * A simulated data centre as a process of its own, so that it outlives the worker and the gateway. Prints one line of
 * JSON with its address when it is ready; ends on SIGTERM, SIGINT, or when the parent that holds its channel goes.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "0" },
      /** `h1,h2,h3` or a count. */
      hosts: { type: "string", default: "3" },
      cores: { type: "string", default: "16" },
      "memory-mib": { type: "string", default: "65536" },
      "migration-mibs": { type: "string", default: "1000" },
      seed: { type: "string", default: "1" },
      /** `name=/path:capacityGiB`, a shared pool; repeatable. */
      pool: { type: "string", multiple: true, default: ["shared=/srv/berth/shared:10240"] },
      /** `pool/name:format:capacityMiB`, a bootable image that is there from the start; repeatable. */
      image: { type: "string", multiple: true, default: [] },
      "guest-boot-ms": { type: "string" },
      "host-boot-ms": { type: "string" },
    },
  });
  const world = createWorld({
    seed: whole("seed", values.seed),
    hosts: /^\d+$/.test(values.hosts) ? whole("hosts", values.hosts) : values.hosts.split(",").map((name) => ({ name })),
    hostDefaults: {
      cores: whole("cores", values.cores),
      memoryMiB: whole("memory-mib", values["memory-mib"]),
      migrationMiBs: whole("migration-mibs", values["migration-mibs"]),
    },
    pools: values.pool.map(poolOption),
    images: values.image.map(imageOption),
    timings: {
      ...(values["guest-boot-ms"] === undefined ? {} : { guestBootMs: whole("guest-boot-ms", values["guest-boot-ms"]) }),
      ...(values["host-boot-ms"] === undefined ? {} : { hostBootMs: whole("host-boot-ms", values["host-boot-ms"]) }),
    },
  });
  const served = await serveWorld(world, { port: whole("port", values.port) });
  process.stdout.write(`${JSON.stringify({ ready: true, address: served.address, hosts: world.status().hosts.map((host) => host.name) })}\n`);
  process.send?.({ ready: true, address: served.address });
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    void served.close().then(() => process.exit(0));
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  if (process.channel) process.on("disconnect", end);
}

function whole(name: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(`--${name} takes a whole number, not "${text}".`);
}

function poolOption(text: string): NonNullable<WorldOptions["pools"]>[number] {
  const match = /^([\w.-]+)=(\/[^:]*):(\d+)$/.exec(text);
  if (!match) throw new Error(`--pool takes NAME=/PATH:GIB, not "${text}".`);
  return { name: match[1] ?? "", path: match[2] ?? "", capacityGiB: Number(match[3]), shared: true };
}

function imageOption(text: string): NonNullable<WorldOptions["images"]>[number] {
  const match = /^([\w.-]+)\/([\w.-]+):(qcow2|raw):(\d+)$/.exec(text);
  if (!match) throw new Error(`--image takes POOL/NAME:FORMAT:MIB (format qcow2 or raw), not "${text}".`);
  return { pool: match[1] ?? "", name: match[2] ?? "", format: match[3] === "raw" ? "raw" : "qcow2", capacityMiB: Number(match[4]) };
}

main().catch((error: unknown) => {
  process.stderr.write(`The simulated world could not start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
