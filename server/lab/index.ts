/** The lab's face: a small data centre on one Linux machine, for the demo, the tests and the bench. */
export { openLab } from "./lab";
export { freeSubnetIndex, registeredLabs } from "./registry";
export { debianPackages, labSupport, serverImagePackages, serverImageSupport, type Support } from "./support";
export type { HostCapacity, HostStatus, Lab, LabBmc, LabHost, LabOptions, LabStatus, LabTls, Leftover, QemuRun, UpResult } from "./types";
