import { speaksAgainst } from "../constraints/host-rule";
import { hostAt } from "../model/model";
import type { Concern } from "./types";

/** Preferences for hosts: each soft rule that speaks against this host counts once. */
export const softRules: Concern = {
  name: "soft-rules",
  weight: 4,
  penalty: (model, instance, host) => {
    const rules = model.rulesOf[instance];
    if (rules === undefined || rules.length === 0) return 0;
    const { id } = hostAt(model, host);
    return rules.filter((rule) => !rule.hard && speaksAgainst(rule, id)).length;
  },
};
