import type { HostRule } from "../types";
import { hostAt, instanceAt, type Model } from "../model/model";
import { changeOn, forbids, type Constraint } from "./types";
import { say } from "../words";

/** Does a rule, hard or soft, speak against this host? */
export function speaksAgainst(rule: HostRule, hostId: string): boolean {
  return rule.hostIds.includes(hostId) !== (rule.kind === "only");
}

function violated(model: Model, instance: number, host: number): HostRule | null {
  const rules = model.rulesOf[instance];
  if (rules === undefined || rules.length === 0) return null;
  const { id } = hostAt(model, host);
  return rules.find((rule) => rule.hard && speaksAgainst(rule, id)) ?? null;
}

/** Hard rules that pin instances to hosts, or ban them from hosts. */
export const hostRule: Constraint = {
  rule: "host-rule",
  admits: (model, instance, host) => violated(model, instance, host) === null,
  explain: (model, instance, host) => {
    const { id } = hostAt(model, host);
    const rule = violated(model, instance, host);
    const name = instanceAt(model, instance).id;
    const words = rule?.kind === "only" ? `only on ${rule.hostIds.join(", ")}` : `never on ${id}`;
    const text = `rule ${rule?.id ?? "?"} allows ${name} ${words}`;
    const ruleId = rule?.id ?? "?";
    const why = rule?.kind === "only" ? say("host-rule-only", { instance: name, rule: ruleId, hosts: rule.hostIds }) : say("host-rule-never", { instance: name, rule: ruleId, host: id });
    const change = changeOn("relax-rule", id, `take ${name} out of rule ${ruleId}`, say("change-relax-rule", { instance: name, rule: ruleId }), 5);
    return forbids(model, host, "host-rule", text, why, change);
  },
};
