export { simulatedPower } from "./driver";
