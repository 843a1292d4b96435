import type { RouterOutputs } from "@/server/api/root";

export type Opening = RouterOutputs["desktops"]["session"];
export const SIZES = ["remote", "fit", "original"] as const;
export type Size = (typeof SIZES)[number];
export const QUALITIES = ["auto", "sharp", "balanced", "saving"] as const;
export type Quality = (typeof QUALITIES)[number];
export type Level = Exclude<Quality, "auto">;
