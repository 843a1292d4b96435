import highsLoader from "highs";
import type { ClusterSnapshot } from "@/server/planner";

const highs = await highsLoader();

/** The exact answer, by an integer program: do the instances of the lost hosts fit elsewhere, on hosts that are up or wake? Room only. */
export function fitsExactly(snapshot: ClusterSnapshot, lost: readonly string[], brokenSleeper: string | null): boolean {
  const guests = snapshot.instances.filter((one) => lost.includes(one.hostId ?? "") && one.wanted === "on");
  const targets = snapshot.hosts.filter((one) => !lost.includes(one.id) && one.state !== "down" && one.id !== brokenSleeper);
  if (guests.length === 0) return true;
  if (targets.length === 0) return false;
  const name = (g: number, t: number): string => `x_${g}_${t}`;
  const lines = ["Minimize", `obj: ${name(0, 0)}`, "Subject To"];
  guests.forEach((_, g) => lines.push(`one${g}: ${targets.map((__, t) => name(g, t)).join(" + ")} = 1`));
  targets.forEach((target, t) => {
    const there = snapshot.instances.filter((one) => one.hostId === target.id);
    const sum = (of: (one: (typeof there)[number]) => number): number => there.reduce((total, one) => total + of(one), 0);
    const memory = target.memoryMiB - target.systemMemoryMiB;
    const rows: [string, number, (one: (typeof there)[number]) => number][] = [
      ["mem", memory * snapshot.policy.memoryRatio, (one) => one.memoryMiB],
      ["cpu", target.cpuCores * snapshot.policy.cpuRatio, (one) => one.vcpus],
      ["rmem", memory, (one) => one.memoryMiB * one.instanceClass.memoryReservationRatio],
      ["rcpu", target.cpuCores * 1000, (one) => one.vcpus * one.instanceClass.cpuReservationMillicoresPerVcpu],
    ];
    for (const [row, room, of] of rows) lines.push(`${row}${t}: ${guests.map((one, g) => `${of(one)} ${name(g, t)}`).join(" + ")} <= ${room - sum(of)}`);
  });
  lines.push("Binary", guests.flatMap((_, g) => targets.map((__, t) => name(g, t))).join(" "), "End");
  return highs.solve(lines.join("\n")).Status === "Optimal";
}
