export { magicPacket, wolPower } from "./driver";
