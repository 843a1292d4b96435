export { qemuImgInspector } from "./qemu-img";
export type { DiskImageFacts, DiskImageInspector, NotThatFormat } from "./types";
