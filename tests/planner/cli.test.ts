import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readOrders, readSnapshot } from "@/server/planner/read/read-snapshot";
import { SNAPSHOT_SCHEMA, type Schema } from "@/server/planner/read/snapshot-schema";
import { findFault, toJsonSchema } from "@/server/planner/read/validate";
import { fleet, host, instance } from "./support/fleet";

const ROOT = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "plan-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  code: number;
  out: string;
  error: string;
}

function plan(...args: string[]): Promise<Run> {
  return new Promise((done) => {
    execFile(process.execPath, ["--import", "tsx", join(ROOT, "server/planner/cli.ts"), ...args], { cwd: ROOT, env: { ...process.env, NODE_OPTIONS: "" } }, (error, out, errors) => {
      done({ code: error === null ? 0 : 1, out, error: errors });
    });
  });
}

describe("npm run plan", () => {
  it("prints a plan for people and one for programs, and says clearly what is wrong with a question", { timeout: 120_000 }, async () => {
    const snapshot = join(folder, "snapshot.json");
    writeFileSync(snapshot, JSON.stringify(fleet([host("h1"), host("h2"), host("h3")], [instance("a", "h1"), instance("b", "h1"), instance("waits", null)])));
    const json = join(folder, "plan.json");
    const [moved, placed, whatIf, unknownHost, unknownPolicy, broken] = await Promise.all([
      plan(snapshot, "--policy", "evacuate", "--hosts", "h1", "--json", json),
      plan(snapshot, "--policy", "place", "--json", "-"),
      plan(snapshot, "--policy", "failover"),
      plan(snapshot, "--policy", "evacuate", "--hosts", "h1,h9"),
      plan(snapshot, "--policy", "tidy"),
      plan(join(folder, "nothing.json"), "--policy", "place"),
    ]);
    expect(moved!.code).toBe(0);
    expect(moved!.out).toMatch(/Score before: 2\.0+\n 1\. \[wave 1\] migrate a h1 -> h2: .*\n 2\. .*\nScore after: 0\.0+\n/);
    expect(moved!.out).toContain("Judged: no rule is broken");
    const made = JSON.parse(readFileSync(json, "utf8")) as Record<string, unknown> & { plan: Record<string, unknown>[] };
    expect(Object.keys(made)).toEqual(expect.arrayContaining(["policy", "scoreBefore", "scoreAfter", "moves", "hostsFreed", "gbMoved", "ms", "plan"]));
    expect(made.plan[0]).toMatchObject({ op: "migrate", instance: "a", from: "h1", to: "h2", wave: 1, basedOn: { instance: 1, host: 1 } });
    expect(JSON.parse(placed!.out)).toMatchObject({ policy: "place", plan: [{ op: "place", instance: "waits", from: null, to: "h2" }] });
    expect(whatIf!.out).toContain("Any one host lost: 3 of 3 losses are survived");
    expect(unknownHost!).toMatchObject({ code: 1, error: expect.stringContaining("--hosts: there is no host h9 in the file; it has 3 hosts, for example h1, h2, h3") });
    expect(unknownPolicy!.error).toContain('--policy must be one of place, rebalance, consolidate, evacuate, failover, it is "tidy"');
    expect(broken!.error).toMatch(/plan: reading .*nothing\.json: ENOENT/);
  });
});

describe("the snapshot file", () => {
  const valid = JSON.parse(JSON.stringify(fleet([host("h1", { failureDomains: { zone: "a" } })], [instance("a", "h1")], { groups: [{ id: "g", kind: "apart", hard: true, scope: "zone", instanceIds: ["a"] }] }))) as Record<string, unknown>;

  it("is documented: everything that a snapshot can have is in the schema", () => {
    const types = readFileSync(join(ROOT, "server/planner/types.ts"), "utf8");
    const fieldsOf = (name: string): string[] => {
      const body = new RegExp(`export interface ${name}(?: extends \\w+)? \\{([\\s\\S]*?)\\n\\}`).exec(types)?.[1] ?? "";
      return [...body.matchAll(/^  (\w+)\??:/gm)].map((match) => match[1] ?? "");
    };
    const inSchema = (schema: Schema | undefined): string[] => Object.keys(schema?.properties ?? {});
    const top = SNAPSHOT_SCHEMA.properties!;
    const rows: [string, string[]][] = [
      ["ClusterSnapshot", inSchema(SNAPSHOT_SCHEMA)],
      ["Host", inSchema(top.hosts!.items)],
      ["Instance", inSchema(top.instances!.items)],
      ["InstanceClass", inSchema(top.instances!.items!.properties!.instanceClass)],
      ["ClusterPolicy", inSchema(top.policy)],
      ["Group", inSchema(top.groups!.items)],
      ["HostRule", inSchema(top.hostRules!.items)],
      ["StoragePool", inSchema(top.storagePools!.items)],
    ];
    for (const [name, documented] of rows) {
      expect(fieldsOf(name).length).toBeGreaterThan(3);
      expect({ name, fields: documented.toSorted() }).toEqual({ name, fields: fieldsOf(name).toSorted() });
    }
    expect(JSON.stringify(toJsonSchema(SNAPSHOT_SCHEMA))).toContain('"type":["number","null"]');
  });

  it("is read as it was written", () => {
    expect(findFault(valid, SNAPSHOT_SCHEMA)).toBeNull();
    expect(readSnapshot(JSON.stringify(valid))).toEqual(valid);
  });

  const wrong: [string, unknown, string][] = [
    ["a state that is none", { hosts: [{ id: "h", cpuCores: 1, memoryMiB: 1, state: "sleeping" }], instances: [] }, 'hosts[0].state is "sleeping"; it must be one of up, waking, asleep, down'],
    ["a word for a flag", { hosts: [{ id: "h", cpuCores: 1, memoryMiB: 1, cordoned: "yes" }], instances: [] }, 'hosts[0].cordoned must be true or false, it is "yes"'],
    ["a negative ratio", { hosts: [], instances: [], policy: { cpuRatio: -1 } }, "policy.cpuRatio is -1; it must be at least 0"],
    ["a risk above one", { hosts: [], instances: [], policy: { maxContentionPart: 5 } }, "policy.maxContentionPart is 5; it must be at most 1"],
    ["no instances", { hosts: [] }, 'the file has no "instances"'],
    ["a list of names that is none", { hosts: [], instances: [{ id: "a", vcpus: 1, memoryMiB: 1, startAfter: "b" }] }, 'instances[0].startAfter must be a list, it is "b"'],
    ["a host without a name", { hosts: [{ cpuCores: 1 }], instances: [] }, 'each host needs a text "id"'],
  ];
  it.each(wrong)("%s is named with its path", (_name, value, text) => {
    expect(() => readSnapshot(JSON.stringify(value))).toThrow(text);
  });

  it("text that is neither form, orders that are none, loads that are none", () => {
    expect(() => readSnapshot("hello")).toThrow("neither JSON nor Ganeti's text form");
    expect(() => readSnapshot("{")).toThrow("reading the snapshot: it is no JSON");
    expect(() => readOrders('[{"id": "a", "vcpus": 1, "memoryMiB": 1, "canMigrate": "no"}]')).toThrow("order 1.canMigrate must be true or false");
  });

  it("null in a figure stands for a value that is none: that host is left out by name", () => {
    const read = readSnapshot('{"hosts": [{"id": "h", "cpuCores": null, "memoryMiB": 1}], "instances": []}');
    expect(read.hosts[0]?.cpuCores).toBeNaN();
  });
});
