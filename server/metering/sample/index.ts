export { ingestSamples, keepSamples, listHourlySamples, recordSamples } from "./keep-samples";
export { selectSamples, type SampleRow } from "./store";
export type { HourlySample, MinuteSample } from "./types";
