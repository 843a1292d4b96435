import { hostAt } from "../model/model";
import { changeOn, forbids, type Constraint } from "./types";
import { say } from "../words";

/** Only a host that is up takes instances: not one that is down, asleep or still waking. */
export const hostState: Constraint = {
  rule: "host-state",
  admits: (model, _instance, host) => model.hosts[host]?.state === "up",
  explain: (model, _instance, host) => {
    const { id, state, wakeSeconds } = hostAt(model, host);
    if (state === "asleep") {
      const text = `${id} is asleep`;
      const change = changeOn("wake-host", id, `wake ${id} (${wakeSeconds ?? 120} s)`, say("change-wake", { host: id, wakeSeconds: wakeSeconds ?? 120 }), 1);
      return forbids(model, host, "host-state", text, say("host-asleep", { host: id }), change);
    }
    if (state === "waking") {
      const change = changeOn("wait", id, `wait until ${id} is awake`, say("change-wait-awake", { host: id }), 0.5);
      return forbids(model, host, "host-state", `${id} is still waking`, say("host-waking", { host: id }), change);
    }
    const change = changeOn("return-host", id, `return host ${id} to service`, say("change-return", { host: id }), 2);
    return forbids(model, host, "host-state", `${id} is down`, say("host-down", { host: id }), change);
  },
};
