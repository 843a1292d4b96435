import { hostAt } from "../model/model";
import { changeOn, forbids, type Constraint } from "./types";
import { say } from "../words";

/** A cordoned host keeps what it has and takes nothing more. */
export const cordoned: Constraint = {
  rule: "cordoned",
  admits: (model, _instance, host) => model.hosts[host]?.cordoned === false,
  explain: (model, _instance, host) => {
    const { id } = hostAt(model, host);
    const change = changeOn("uncordon-host", id, `lift the cordon from ${id}`, say("change-uncordon", { host: id }), 1.5);
    return forbids(model, host, "cordoned", `${id} is cordoned: it accepts no more instances`, say("cordoned", { host: id }), change);
  },
};
