/** What a price book would have made of one organization's period. Net, smallest coins. */
export interface PriceEffect {
  readonly organizationId: string;
  readonly beforeMinor: number;
  readonly afterMinor: number;
}

export interface PricePreview {
  readonly currency: string;
  readonly from: Date;
  readonly to: Date;
  readonly organizations: readonly PriceEffect[];
  readonly beforeMinor: number;
  readonly afterMinor: number;
  /** Windows without a price under the new book. */
  readonly unpriced: number;
}
