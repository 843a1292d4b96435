import type { Words } from "@/server/platform/sentences";

/** One thing that was looked at before a host is trusted with instances. The text says what is wrong and what to do. */
export interface Finding {
  readonly check: "name" | "reachable" | "certificate" | "identity" | "cpu-model" | "storage" | "shared-storage" | "lease" | "capacity" | "fencing" | "clock";
  readonly ok: boolean;
  readonly text: string;
  readonly words?: Words[];
}

/** What a host said of itself, as far as the fleet keeps it. */
export interface EnrolledFacts {
  readonly hostUuid: string;
  readonly hypervisorVersion: string;
  readonly usableCpuModels: readonly string[];
  readonly cores: number;
  readonly memoryMiB: number;
}
