export { addPriceVersion } from "./add-price-version";
export { createFlavor } from "./create-flavor";
export { listAllFlavors, listFlavorsIn, listPublicFlavors, readFlavorNamesIn } from "./list-flavors";
export { listPriceVersions, listPriceVersionsIn, readCurrencyIn, readPricesIn, readUnitPrices } from "./read-prices";
export { registerPublicImage } from "./register-public-image";
export { classDefaults } from "./rules";
export { setOnSale } from "./set-on-sale";
export type { FlavorClass, FlavorGuarantees, FlavorRow, FlavorView, ImageRow, Meter, Price, PriceList, PriceVersionRow } from "./types";
