import type { RouterOutputs } from "@/server/api/root";

export type Instance = RouterOutputs["instances"]["get"];
