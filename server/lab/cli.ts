import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openLab } from "./lab";
import { registeredLab, registeredLabs } from "./registry";
import type { Lab, LabOptions } from "./types";

const usage = `npm run lab -- VERB [--name demo] [--hosts 3] [--subnet 0] [--directory .data/lab/NAME] [--tls]

  up                 start the hosts, their network, storage and management controllers
  down               stop everything and remove what it made; --keep-storage leaves the disks
  status             power, cable, libvirtd and guests of each host
  list               the labs of this machine
  crash H            power loss       wake H   power on
  partition H        pull the cable   heal H   plug it in again
  sleep H            power off, only when no guest runs there
  hang H             libvirtd stands still   resume H   it goes on
  controller-off H   the BMC answers nothing   controller-on H
  runs               the record of every QEMU process
  leftovers          what the lab still has on this machine
  sh H [command]     a shell or a command inside a host
  image tiny         build the small guest and put it into the storage of the lab
  image server       build the Debian server image with cloud-init (minutes)
  image desktop      build the Debian desktop image (X, minutes)`;

const repository = fileURLToPath(new URL("../..", import.meta.url));

async function main(): Promise<number> {
  // Words after "sh H" belong to the host's command, options included.
  const all = process.argv.slice(2);
  const shell = all.indexOf("sh");
  const own = shell >= 0 ? all.slice(0, shell + 2) : all;
  const rest = shell >= 0 ? all.slice(shell + 2) : [];
  const { values, positionals } = parseArgs({
    args: own,
    allowPositionals: true,
    options: {
      name: { type: "string", default: "demo" },
      hosts: { type: "string" },
      subnet: { type: "string" },
      directory: { type: "string" },
      tls: { type: "boolean" },
      "keep-storage": { type: "boolean", default: false },
    },
  });
  const [verb, target = ""] = positionals;
  const known = await registeredLab(values.name);
  const options: LabOptions = {
    name: values.name,
    directory: values.directory ? path.resolve(values.directory) : (known?.directory ?? path.join(repository, ".data", "lab", values.name)),
    hostCount: values.hosts ? Number(values.hosts) : (known?.hostCount ?? 3),
    subnetIndex: values.subnet ? Number(values.subnet) : (known?.subnetIndex ?? 0),
    tls: values.tls ?? known?.tls ?? false,
    capacity: known?.capacity,
  };
  switch (verb) {
    case "list":
      for (const other of await registeredLabs()) console.log(`${other.name}  10.77.${other.subnetIndex}.0/24  ${other.hostCount} hosts  ${other.directory}`);
      return 0;
    case undefined:
    case "help":
      console.log(usage);
      return verb ? 0 : 64;
    default:
      return await act(openLab(options), verb, target, rest, values["keep-storage"]);
  }
}

async function act(lab: Lab, verb: string, target: string, rest: readonly string[], keepStorage: boolean): Promise<number> {
  const done = (text: string) => {
    console.log(text);
    return 0;
  };
  switch (verb) {
    case "up": {
      const result = await lab.up();
      const kept = result.adopted.length > 0 ? `, ${result.adopted.join(", ")} ran already` : "";
      return done(`${lab.options.name}: ${lab.hosts.length} hosts up in ${result.ms} ms${kept}\n${lab.hosts.map((host) => `  ${host.name}  qemu+tcp://${host.managementAddress}/system  BMC ${host.bmc.address}:${host.bmc.port}`).join("\n")}`);
    }
    case "down":
      await lab.down({ keepStorage });
      return done(`${lab.options.name}: down`);
    case "status": {
      const status = await lab.status();
      for (const host of status.hosts) console.log(`${host.name}  ${host.power}  ${host.link}  libvirtd ${host.answering ? "answers" : "silent"}  guests: ${host.guests.join(" ") || "none"}`);
      return done(`record of QEMU processes: ${status.recording ? "kept" : "not kept now"}`);
    }
    case "crash":
    case "partition":
    case "heal":
    case "sleep":
    case "wake":
      await lab[verb](target);
      return done(`${target}: ${verb} done`);
    case "hang":
    case "resume":
      await lab[verb](target);
      return done(`${target}: ${verb} done`);
    case "controller-off":
    case "controller-on":
      await (verb === "controller-off" ? lab.controllerOff(target) : lab.controllerOn(target));
      return done(`${target}: ${verb} done`);
    case "runs":
      for (const run of await lab.qemuProcesses()) console.log(JSON.stringify(run));
      return 0;
    case "leftovers": {
      const found = await lab.leftovers();
      for (const entry of found) console.log(`${entry.kind}  ${entry.what}`);
      return found.length === 0 ? done("nothing is left") : 1;
    }
    case "sh": {
      const pid = await lab.hostPid(target);
      if (pid === null) throw new Error(`Lab host ${target} is off. Switch it on with "npm run lab -- wake ${target}".`);
      return spawnSync("nsenter", ["-t", String(pid), "--all", "--", ...(rest.length > 0 ? rest : ["bash"])], { stdio: "inherit" }).status ?? 1;
    }
    case "image": {
      const { installImage } = await import("./image");
      return done(await installImage(lab, target));
    }
    default:
      throw new Error(`"${verb}" is no verb of the lab.\n\n${usage}`);
  }
}

try {
  process.exitCode = await main();
} catch (cause) {
  console.error(cause instanceof Error ? cause.message : String(cause));
  process.exitCode = 1;
}
