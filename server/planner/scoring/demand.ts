import { at } from "../model/model";
import type { Concern } from "./types";

/** Demand beyond this part of the cores means waiting: short peaks need the rest. */
const COMFORTABLE = 0.8;

/** A host whose cores would be wanted more than comfortably is worse, whatever the ratios allow. */
export const demand: Concern = {
  name: "demand",
  weight: 2,
  penalty: (model, instance, host) => {
    const wanted = at(model.demandCpuMillicores, host) + at(model.cpuDemandMillicores, instance);
    const busy = wanted / Math.max(1, at(model.hostCpuMillicores, host));
    return Math.max(0, busy - COMFORTABLE);
  },
};
