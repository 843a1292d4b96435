import { spawn } from "node:child_process";

export interface PingResult {
  readonly replies: number;
  /** Longest time between two answers, milliseconds; null when fewer than two came. */
  readonly longestGapMs: number | null;
}

/** Pings an address every 10 ms until stopped; the longest silence is what a tenant's users would notice. */
export function startPing(address: string): { stop(): Promise<PingResult> } {
  const child = spawn("ping", ["-D", "-n", "-i", "0.01", "-W", "1", address], { stdio: ["ignore", "pipe", "ignore"] });
  let replies = 0;
  let previousMs: number | null = null;
  let longestGapMs: number | null = null;
  let rest = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const match = /^\[(\d+\.\d+)\].* time=/.exec(line);
      if (!match) continue;
      const atMs = Number(match[1]) * 1000;
      replies += 1;
      if (previousMs !== null) longestGapMs = Math.max(longestGapMs ?? 0, atMs - previousMs);
      previousMs = atMs;
    }
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return {
    stop: async () => {
      child.kill("SIGINT");
      await ended;
      return { replies, longestGapMs: longestGapMs === null ? null : Math.round(longestGapMs) };
    },
  };
}
