import type { RouterOutputs } from "@/server/api/root";

export type Money = RouterOutputs["admin"]["billing"]["money"];
export type Invoice = Money["invoices"][number];
export type Payment = Money["payments"][number];
