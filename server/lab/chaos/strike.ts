import type { Ground } from "./ground";
import type { Fault } from "./types";

/** Lets a fault begin. What it broke is mended by `mend`. */
export async function strike(ground: Ground, fault: Fault, pick: number): Promise<string> {
  const { lab } = ground;
  const { kind, host } = fault;
  if (kind === "worker-kill" || host === null) {
    const name = ground.workerNames[Math.floor(pick * ground.workerNames.length)] ?? "worker-1";
    return ground.killWorker(name) ? `${name} is killed (SIGKILL)` : `${name} was down already`;
  }
  switch (kind) {
    case "power-loss":
      await lab.crash(host);
      return `${host} loses its power`;
    case "dead-with-controller":
      await Promise.all([lab.controllerOff(host), lab.crash(host)]);
      return `${host} loses its power, and its management controller with it`;
    case "partition":
      await lab.partition(host);
      return `${host} loses its management network`;
    case "libvirtd-hang":
      await lab.hang(host, "libvirtd");
      return `libvirtd of ${host} stands still`;
    case "controller-off":
      await lab.controllerOff(host);
      return `the management controller of ${host} falls silent`;
    case "silent-and-frozen":
      await lab.hang(host, "lease");
      await lab.partition(host);
      return `${host} loses its management network, and the guard of its lease stands still; its machines go on`;
  }
}

/** Everything as it should be, whatever was struck: safe to repeat. */
export async function mend(ground: Ground, host: string): Promise<void> {
  const { lab } = ground;
  await lab.heal(host);
  await lab.resume(host);
  await lab.controllerOn(host);
  await lab.wake(host);
}
