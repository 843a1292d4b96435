import { hostAt } from "../model/model";
import { changeOn, forbids, type Constraint } from "./types";
import { say } from "../words";

/** A host in maintenance is empty and stays empty. */
export const maintenance: Constraint = {
  rule: "maintenance",
  admits: (model, _instance, host) => model.hosts[host]?.maintenance === false,
  explain: (model, _instance, host) => {
    const { id } = hostAt(model, host);
    const change = changeOn("return-host", id, `return host ${id} to service`, say("change-return", { host: id }), 2);
    return forbids(model, host, "maintenance", `${id} is in maintenance`, say("maintenance", { host: id }), change);
  },
};
