import { hostAt } from "../model/model";
import { changeOn, forbids, type Constraint } from "./types";

/** Only a host that is up takes instances: not one that is down, asleep or still waking. */
export const hostState: Constraint = {
  rule: "host-state",
  admits: (model, _instance, host) => model.hosts[host]?.state === "up",
  explain: (model, _instance, host) => {
    const { id, state, wakeSeconds } = hostAt(model, host);
    if (state === "asleep") {
      const text = `${id} is asleep`;
      return forbids(model, host, "host-state", text, changeOn("wake-host", id, `wake ${id} (${wakeSeconds ?? 120} s)`, 1));
    }
    if (state === "waking") {
      return forbids(model, host, "host-state", `${id} is still waking`, changeOn("wait", id, `wait until ${id} is awake`, 0.5));
    }
    const change = changeOn("return-host", id, `return host ${id} to service`, 2);
    return forbids(model, host, "host-state", `${id} is down`, change);
  },
};
