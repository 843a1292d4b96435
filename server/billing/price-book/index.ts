export { previewPrices, type NewPrice } from "./preview-prices";
export type { PriceEffect, PricePreview } from "./types";
