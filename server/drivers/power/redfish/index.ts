export { redfishPower } from "./driver";
