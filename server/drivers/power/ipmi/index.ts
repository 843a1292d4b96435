export { ipmiPower, parseSensors } from "./driver";
