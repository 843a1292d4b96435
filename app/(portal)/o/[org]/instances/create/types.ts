import type { RouterOutputs } from "@/server/api/root";

export type Flavor = RouterOutputs["catalog"]["flavors"][number];
export type Prices = RouterOutputs["catalog"]["prices"];
export type Resources = RouterOutputs["quota"]["get"]["resources"];

export interface OrderForm {
  readonly name: string;
  readonly flavorId: string;
  readonly imageId: string;
  readonly sshKeyIds: string[];
  readonly userData: string;
}
