import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MEMBER_ROLES, OPERATOR_ROLES, roleAllows, staffAllows, type MemberRole, type OperatorRole } from "@/server/tenancy";
import type { Person } from "../support/world";
import { attempt, auditSince, lastAudit, attemptWith, foreignIdFindings, isMembers, lowestAllowed, marksOf, NASTY, openHouse, pathsOf, spell, strangerFindings, text, validInput, WALKED, withPath, type House } from "./harness";
import { PROCEDURES } from "./procedures";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

describe("the table of procedures", () => {
  it("has an entry for each procedure of the router, and no other", () => {
    const missing = WALKED.filter(({ path }) => !PROCEDURES[path]).map(
      ({ path, access }) => `tests/api/procedures.ts lacks "${path}". Add: "${path}": entry("${access ? spell(access) : "who may"}", (world, tenant) => ({ …a valid input without organization… }), { ids: { fieldThatNamesAThing: "prefix of its id" } }),`,
    );
    const gone = Object.keys(PROCEDURES).filter((path) => !WALKED.some((walked) => walked.path === path)).map((path) => `tests/api/procedures.ts has "${path}", which the router has no more. Remove it.`);
    expect([...missing, ...gone]).toEqual([]);
  });

  it("says of each what its rung of the ladder says", () => {
    const different = WALKED.filter(({ path, access }) => PROCEDURES[path] && (!access || spell(access) !== PROCEDURES[path].allowed)).map(({ path, access }) => `${path}: table ${PROCEDURES[path]!.allowed}, router ${access ? spell(access) : "stands on no rung of server/api/trpc.ts"}`);
    expect(different).toEqual([]);
  });

  it("names a field for each id: an input field called …Id is listed under ids, or comes from the caller's own list", async () => {
    const forgotten: string[] = [];
    for (const { path } of WALKED) {
      const entry = PROCEDURES[path];
      if (!entry) continue;
      for (const field of Object.keys(await entry.input(house.world, house.world.acme))) {
        const covered = Object.keys(entry.ids ?? {}).some((named) => named === field || named.startsWith(`${field}.`));
        // A tax id is what a tax office calls a company, not a row of ours.
        if (/Ids?$/.test(field) && field !== "taxId" && !covered) forgotten.push(`${path}: ${field} names a thing; add it to ids of its entry in tests/api/procedures.ts`);
      }
    }
    expect(forgotten).toEqual([]);
  });
});

describe.each(WALKED.filter(({ path }) => PROCEDURES[path]))("$path", (walked) => {
  const entry = PROCEDURES[walked.path]!;

  it("is for those who may, and for nobody else", async () => {
    const judge = async (who: string, person: Person | null, may: boolean): Promise<string[]> => {
      const outcome = await attempt(house, walked, person, await validInput(house, entry, house.world.acme));
      const refused = person === null ? "UNAUTHORIZED" : "FORBIDDEN";
      if (!may) return outcome.code === refused ? [] : [`${who} should get ${refused}, got ${outcome.code} ${outcome.seen.slice(0, 300)}`];
      return outcome.code === "OK" || outcome.code in (entry.mayRefuse ?? {}) ? [] : [`${who} may, but got ${outcome.code} ${outcome.seen.slice(0, 500)} ${house.faults.at(-1) ?? ""}`];
    };
    const wrong: string[] = [];
    wrong.push(...(await judge("nobody", null, entry.allowed === "public")));
    const [rung, right] = entry.allowed.split(":") as [string, string | undefined];
    for (const role of MEMBER_ROLES) {
      // Mutations of one's own account would use the world's people up.
      const person = rung === "signed-in" && walked.type === "mutation" ? await house.world.addMember(house.world.acme, role) : house.world.acme.people[role];
      wrong.push(...(await judge(`a member who is ${role}`, person, rung === "public" || rung === "signed-in" || (rung === "member" && roleAllows(role, right as MemberRole)))));
    }
    for (const role of OPERATOR_ROLES) {
      if (rung === "staff") wrong.push(...(await judge(`staff, ${role}`, house.world.staff[role], staffAllows(role, right as OperatorRole))));
    }
    expect(wrong).toEqual([]);
  });

  if (isMembers(entry)) {
    it("answers a stranger as if the organization did not exist, and changes nothing of it", async () => {
      expect(await strangerFindings(house, walked, entry)).toEqual([]);
    });
  }

  if (entry.ids && entry.allowed !== "public") {
    it("answers another tenant's id exactly like one that does not exist, and changes nothing of it", async () => {
      expect(await foreignIdFindings(house, walked, entry)).toEqual([]);
    });
  }

  if (walked.type === "mutation") {
    it("leaves a trail of who did it, in the transaction that did it", async () => {
      const person = entry.allowed === "signed-in" ? await house.world.addMember(house.world.acme) : lowestAllowed(house, entry, house.world.acme);
      const input = await validInput(house, entry, house.world.acme);
      const before = await lastAudit(house);
      const outcome = await attempt(house, walked, person, input);
      if (outcome.code !== "OK") return expect(Object.keys(entry.mayRefuse ?? {})).toContain(outcome.code);
      const written = await auditSince(house, before);
      expect(written.length, `${walked.path} changed something and told the trail nothing`).toBeGreaterThan(0);
      if (person) expect(written.map(({ actorId }) => actorId)).toContain(person.id);
    });
  }

  it("survives every malformed input, without showing anything of another tenant", async () => {
    const wrong: string[] = [];
    const staff = entry.allowed.startsWith("staff:");
    // A person who signs out everywhere by a malformed call should still be somebody for the next one.
    const fresh = entry.allowed === "signed-in" && walked.type === "mutation";
    const caller = await house.world.caller(fresh ? await house.world.addMember(house.world.globex) : lowestAllowed(house, entry, house.world.globex), { changes: house.hub });
    const look = async ({ what, input }: { what: string; input: unknown }): Promise<void> => {
      const outcome = await attemptWith(house, caller, walked, input);
      if (outcome.code === "INTERNAL_SERVER_ERROR") wrong.push(`${what}: ${house.faults.at(-1) ?? outcome.seen}`);
      const leaked = staff ? undefined : marksOf(house.world.acme).find((mark) => outcome.seen.includes(mark));
      if (leaked) wrong.push(`${what}: shows ${leaked} of another tenant: ${outcome.seen.slice(0, 300)}`);
    };
    const valid = await validInput(house, entry, house.world.globex);
    // Without an input to read, whatever is sent is not looked at.
    const tries = (walked.fields === null ? NASTY.slice(0, 3) : NASTY).map((nasty) => ({ what: `the whole input ${describeValue(nasty)}`, input: nasty }));
    for (const field of new Set([...pathsOf(valid), ...(walked.fields ?? []), ...Object.keys(entry.ids ?? {})])) {
      for (const nasty of NASTY) tries.push({ what: `${field} = ${describeValue(nasty)}`, input: withPath(valid, field, nasty) });
    }
    const abreast = 6;
    for (let at = 0; at < tries.length; at += abreast) await Promise.all(tries.slice(at, at + abreast).map(look));
    expect(wrong).toEqual([]);
  });
});

function describeValue(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  return (text(value) ?? String(value)).slice(0, 40);
}
