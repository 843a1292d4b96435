import type { RouterOutputs } from "@/server/api/root";

export type Overview = RouterOutputs["admin"]["desktops"]["overview"];
export type Spread = Overview["connectMs"];
