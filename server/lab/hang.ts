import type { Layout } from "./layout";
import { hostInit } from "./power";
import { commandLineOf, findProcesses, networkNamespaceOf } from "./processes";
import type { HangTarget } from "./types";

/** How the command line of each daemon begins, or what it contains; QEMU's own never does. */
const marks: Readonly<Record<HangTarget, (line: string) => boolean>> = {
  libvirtd: (line) => /^(?:\S*\/)?libvirtd(?: |$)/.test(line),
  lease: (line) => line.includes("berth-lease") && !line.includes("qemu-system"),
};

/** Sends a signal to the daemons of one host and to nothing else; a host that is off has none. */
export function signalDaemons(layout: Layout, host: string, what: HangTarget, signal: "SIGSTOP" | "SIGCONT"): void {
  const init = hostInit(layout, host);
  const home = init === null ? null : networkNamespaceOf(init.pid);
  if (init === null || home === null) return;
  for (const pid of findProcesses((candidate) => candidate !== init.pid && networkNamespaceOf(candidate) === home && marks[what](commandLineOf(candidate)))) {
    try {
      process.kill(pid, signal);
    } catch (cause) {
      // It ended between the look and the signal.
      if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause;
    }
  }
}
