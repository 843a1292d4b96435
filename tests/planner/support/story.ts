import { checkPlan, explainPlan, makePlan, placeInstances, updateHosts, type ClusterPolicy, type ClusterSnapshot, type Group, type Host, type HostRule, type Instance, type PlacementOrder, type Plan, type PolicyName } from "@/server/planner";
import { fleet, host, instance } from "./fleet";

/**
 * A story is a text that a person can read: who is there, what is asked, and below a line of dashes the plan as `npm run plan` prints it.
 *
 *   policy: consolidate
 *   cluster: failoverReserveHosts 1, cpuRatio 3
 *   host h1: memoryMiB 17408, zone a
 *   instance web on h1: memoryMiB 4096, priority 5, after db
 *   order shop: memoryMiB 2048, batch b
 *   apart g: web, db by zone
 *   never r: web on h1, h2
 */
interface Story {
  policy: PolicyName;
  hostIds: string[];
  atOnce: number | undefined;
  hosts: Host[];
  instances: Instance[];
  orders: PlacementOrder[];
  groups: Group[];
  rules: HostRule[];
  limits: Partial<ClusterPolicy>;
}

type Words = Record<string, string | number | boolean>;

/** `memoryMiB 4096, cordoned, state asleep` as fields; a word alone is true. */
function readWords(text: string): Words {
  const words: Words = {};
  for (const part of text.split(",").map((one) => one.trim()).filter((one) => one !== "")) {
    const [key = "", ...rest] = part.split(" ");
    const value = rest.join(" ");
    words[key] = value === "" || value === "true" ? true : value === "false" ? false : value === "NaN" || Number.isFinite(Number(value)) ? Number(value) : value;
  }
  return words;
}

function readInstance(id: string, hostId: string | null, words: Words): Instance {
  const { after, cpu, spread, ...rest } = words;
  const made = instance(id, hostId, {});
  const demand = cpu === undefined ? {} : { demand: { cpuMillicores: Number(cpu), cpuSpreadMillicores: Number(spread ?? 0), memoryMiB: 0 } };
  return { ...made, ...rest, ...demand, ...(after === undefined ? {} : { startAfter: String(after).split(" ") }) } as Instance;
}

const names = (text: string): string[] => text.split(",").map((one) => one.trim()).filter((one) => one !== "");

export function readStory(text: string): Story {
  const story: Story = { policy: "place", hostIds: [], atOnce: undefined, hosts: [], instances: [], orders: [], groups: [], rules: [], limits: {} };
  for (const line of text.split("\n")) {
    const match = /^(policy|cluster|host|instance|order|apart|together|only|never)(?: ([^:]+))?:(.*)$/.exec(line.trim());
    if (match === null) continue;
    const [, kind = "", subject = "", rest = ""] = match;
    const words = kind === "apart" || kind === "together" || kind === "only" || kind === "never" ? {} : readWords(rest);
    if (kind === "policy") {
      const [name = "", ...more] = rest.trim().split(" ");
      story.policy = name as PolicyName;
      const at = more.indexOf("at-once");
      if (at >= 0) story.atOnce = Number(more[at + 1]);
      story.hostIds = more.filter((_, index) => at < 0 || index < at).flatMap(names);
    } else if (kind === "cluster") Object.assign(story.limits, words);
    else if (kind === "host") {
      const { zone, ...fields } = words;
      story.hosts.push({ ...host(subject), ...fields, ...(zone === undefined ? {} : { failureDomains: { zone: String(zone) } }) } as Host);
    } else if (kind === "instance") {
      const [id = "", , on] = subject.split(" ");
      story.instances.push(readInstance(id, on ?? null, words));
    } else if (kind === "order") {
      const { batch, ...fields } = words;
      story.orders.push({ instance: readInstance(subject, null, fields), batch: batch === undefined ? null : String(batch) });
    } else if (kind === "apart" || kind === "together") {
      const [members = "", scope = "host"] = rest.split(" by ");
      story.groups.push({ id: subject, kind, hard: !members.includes("if possible"), scope: scope.trim(), instanceIds: names(members.replace("if possible", "")) });
    } else {
      const [members = "", on = ""] = rest.split(" on ");
      story.rules.push({ id: subject, kind: kind as "only" | "never", hard: true, instanceIds: names(members), hostIds: names(on) });
    }
  }
  return story;
}

export function snapshotOf(story: Story): ClusterSnapshot {
  return fleet(story.hosts, story.instances, { groups: story.groups, hostRules: story.rules, policy: story.limits });
}

/** The plan of a story, judged, as text. */
export function tellStory(text: string): string {
  const story = readStory(text);
  const snapshot = snapshotOf(story);
  let plan: Plan;
  if (story.policy === "place") plan = placeInstances(snapshot, story.orders);
  else if (story.atOnce !== undefined) plan = updateHosts(snapshot, story.hostIds, { atOnce: story.atOnce, updateSeconds: 300 });
  else plan = makePlan(snapshot, { policy: story.policy, hostIds: story.hostIds, seed: 1 });
  return explainPlan(plan, { check: checkPlan(snapshot, plan, story.orders.map((one) => one.instance)), why: true });
}

/** Stories keep their expectation below this line. */
export const LINE = "\n----------------------------------------\n";
