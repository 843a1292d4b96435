import { z } from "zod";
import { isId } from "@/server/platform/id";
import { automationInput, clusterIdInput, hostIdInput } from "../schema";

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: "looks like 09:00" });

/** What may be asked of a copy of a cluster. */
export const rehearsalQuestion = z.discriminatedUnion("kind", [
  /** The coming hours with the cluster's own settings, or with others that are only thought of. */
  z.object({ kind: z.literal("tonight"), hours: z.number().int().min(1).max(48).default(24), settings: automationInput.omit({ clusterId: true }).partial().default({}) }),
  z.object({ kind: z.literal("lose-host"), hostId: hostIdInput }),
  z.object({ kind: z.literal("ratio"), cpuRatio: z.number().min(0.1).max(64) }),
  /** So many of one size at the next such time of day in the cluster's zone. */
  z.object({ kind: z.literal("add-desktops"), count: z.number().int().min(1).max(2_000), at: timeOfDay, flavorId: z.string().refine((text) => isId("flavor", text), { error: "is no flavor id" }) }),
  z.object({ kind: z.literal("retire-hosts"), hostIds: z.array(hostIdInput).min(1).max(100) }),
]);
export type RehearsalQuestion = z.output<typeof rehearsalQuestion>;

export const askRehearsalInput = z.object({ clusterId: clusterIdInput, question: rehearsalQuestion });
export type AskRehearsalInput = z.output<typeof askRehearsalInput>;

export const rehearsalIdInput = z.string().refine((text) => isId("rehearsal", text), { error: "is no rehearsal id" });
