export { ipmiPower } from "./driver";
