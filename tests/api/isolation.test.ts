import { sql } from "drizzle-orm";
import { TRPCError } from "@trpc/server";
import { pino } from "pino";
import { z } from "zod";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { appRouter } from "@/server/api/root";
import type { Access } from "@/server/api/trpc";
import { systemClock } from "@/server/platform/clock";
import { Problem } from "@/server/platform/errors";
import { ID_PREFIXES, mintId, type IdKind } from "@/server/platform/id";
import { systemRandom } from "@/server/platform/random";
import { MEMBER_ROLES, OPERATOR_ROLES, roleAllows, staffAllows, type MemberRole, type OperatorRole } from "@/server/tenancy";
import { openChangeHub, type ChangeHub } from "@/server/api/change-hub";
import { silentLogger } from "@/server/platform/logger";
import { createTestDatabase, type TestDatabase } from "../support/database";
import { createWorld, type Caller, type Person, type Tenant, type World } from "../support/world";
import { PROCEDURES, type Allowed, type ProcedureEntry } from "./procedures";

interface Walked {
  readonly path: string;
  readonly type: "query" | "mutation" | "subscription";
  readonly access: Access | null;
  /** Names of all fields that its inputs read; null when it reads none. */
  readonly fields: readonly string[] | null;
}

/** At run time the router keeps one flat record of its procedures, by their whole path. */
interface Stored {
  readonly _def: { readonly type: Walked["type"]; readonly meta?: unknown; readonly inputs: readonly unknown[] };
}

/** The router's own list: nothing can be forgotten here. */
const WALKED: readonly Walked[] = Object.entries(appRouter._def.procedures as unknown as Readonly<Record<string, Stored>>).map(([path, { _def }]) => ({
  path,
  type: _def.type,
  access: accessOf(_def.meta),
  fields: _def.inputs.length === 0 ? null : _def.inputs.flatMap((input) => (input instanceof z.ZodObject ? Object.keys(input.shape as object) : [])),
}));

function accessOf(meta: unknown): Access | null {
  return typeof meta === "object" && meta !== null && "access" in meta ? (meta.access as Access) : null;
}

function spell(access: Access): Allowed {
  if (access.rung === "member") return `member:${access.right}`;
  if (access.rung === "operator") return `staff:${access.right}`;
  return access.rung;
}

let database: TestDatabase;
let world: World;
let hub: ChangeHub;
/** What the house logged as its own fault, so that a failure below names the cause. */
const faults: string[] = [];
const logger = pino({ level: "error" }, { write: (line: string) => void faults.push(line) });

beforeAll(async () => {
  database = await createTestDatabase();
  world = await createWorld(database, { logger });
  hub = await openChangeHub({ url: database.url.app, logger: silentLogger });
});
afterAll(async () => {
  await hub.close();
  await database.close();
});

/** What came of one call: the code, and all that the caller got to see. */
interface Outcome {
  readonly code: string;
  readonly seen: string;
}

async function attempt(walked: Walked, person: Person | null, input: unknown): Promise<Outcome> {
  return attemptWith(await world.caller(person, { changes: hub }), walked, input);
}

async function attemptWith(caller: Caller, walked: Walked, input: unknown): Promise<Outcome> {
  let target: unknown = caller;
  for (const part of walked.path.split(".")) target = (target as Record<string, unknown>)[part];
  try {
    const answer = await (target as (input: unknown) => Promise<unknown>)(input);
    return { code: "OK", seen: walked.type === "subscription" ? await listenBriefly(answer as AsyncIterable<unknown>) : text(answer) };
  } catch (error) {
    if (!(error instanceof TRPCError)) throw error;
    const problem = error.cause instanceof Problem ? { code: error.cause.code, detail: error.cause.detail } : null;
    return { code: error.code, seen: text({ message: error.message, problem }) };
  }
}

const text = (value: unknown): string => JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? item.toString() : item)) ?? "undefined";

/** What a stream says within a moment, while another tenant's things change. */
async function listenBriefly(stream: AsyncIterable<unknown>): Promise<string> {
  const seen: unknown[] = [];
  const iterator = stream[Symbol.asyncIterator]();
  const pending = iterator.next();
  await new Promise((resolve) => setTimeout(resolve, 20));
  for (const tenant of [world.acme, world.globex]) await database.owner.execute(sql`select pg_notify('berth_change', ${JSON.stringify({ organizationId: tenant.id, topic: "instance", id: tenant.instanceId })})`);
  const first = await Promise.race([pending, new Promise<null>((resolve) => setTimeout(() => resolve(null), 150))]);
  if (first && !first.done) seen.push(first.value);
  return text(seen);
}

/** The person who may, at the least. */
function lowestAllowed(entry: ProcedureEntry, tenant: Tenant): Person | null {
  if (entry.allowed === "public") return null;
  if (entry.allowed === "signed-in") return tenant.people.viewer;
  const [rung, right] = entry.allowed.split(":") as ["member", MemberRole] | ["staff", OperatorRole];
  return rung === "member" ? tenant.people[right] : world.staff[right];
}

const isMembers = (entry: ProcedureEntry): boolean => entry.allowed.startsWith("member:");

async function validInput(entry: ProcedureEntry, tenant: Tenant): Promise<Record<string, unknown>> {
  return { ...(isMembers(entry) ? { organization: tenant.slug } : {}), ...(await entry.input(world, tenant)) };
}

function getPath(input: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], input);
}

/** Every path of a valid input, the inner ones too: `limits`, `limits.instances`, `sshKeyIds.0`. */
function pathsOf(value: unknown, prefix = ""): string[] {
  if (typeof value !== "object" || value === null || value instanceof Date) return [];
  return Object.entries(value).flatMap(([name, inner]) => [`${prefix}${name}`, ...pathsOf(inner, `${prefix}${name}.`)]);
}

function withPath(input: Record<string, unknown>, path: string, value: unknown): Record<string, unknown> {
  const copy = structuredClone(input);
  const parts = path.split(".");
  const last = parts.pop()!;
  const holder = parts.reduce<Record<string, unknown>>((at, part) => at[part] as Record<string, unknown>, copy);
  holder[last] = value;
  return copy;
}

function missingId(prefix: string): string {
  const kind = (Object.entries(ID_PREFIXES) as [IdKind, string][]).find(([, candidate]) => candidate === prefix)?.[0];
  if (!kind) throw new Error(`tests/api/procedures.ts names the id prefix ${prefix}, which server/platform/id.ts does not know`);
  return mintId(kind, { clock: systemClock, random: systemRandom });
}

/** What only this tenant may see: its ids and names. */
function marksOf(tenant: Tenant): string[] {
  return [tenant.id, tenant.slug, tenant.instanceId, tenant.imageId, tenant.sshKeyId, tenant.invitationId, tenant.volumeId, ...Object.values(tenant.people).flatMap((person) => [person.id, person.email, person.sessionId])];
}

/** Everything stored of a tenant, as one text. */
async function stored(tenant: Tenant): Promise<Record<string, string>> {
  const tables = await database.owner.execute<{ name: string }>(sql`
    select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind = 'r' and exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id') order by 1`);
  const all: Record<string, string> = {};
  for (const { name } of tables.rows) {
    const rows = await database.owner.execute<{ sum: string }>(sql`select coalesce(md5(string_agg(t::text, ',' order by t::text)), '-') as sum from ${sql.identifier(name)} t where t.organization_id = ${tenant.id}`);
    all[name] = rows.rows[0]!.sum;
  }
  return all;
}

/** Flavors and clusters belong to no tenant. */
const OFFERED_TO_ALL: ReadonlySet<string> = new Set(["flv", "cls"]);

const NASTY: readonly unknown[] = [
  undefined, null, "", " ", "x", "../../etc/passwd", "'; drop table instance; --", "\u0000", "a\u0000b", "\ud800", "\u{1f600}", "ins_", `ins_${"0".repeat(26)}`, "%", "\\", "org_'", "x".repeat(100_000),
  -1, 0, 0.5, 1e300, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER, 2 ** 31, true, [], [null], [[]], {}, { length: 1 }, { toString: "x" }, new Date(Number.NaN), new Date(8.64e15), 10n ** 30n,
];

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
      for (const field of Object.keys(await entry.input(world, world.acme))) {
        const covered = Object.keys(entry.ids ?? {}).some((named) => named === field || named.startsWith(`${field}.`));
        if (/Ids?$/.test(field) && !covered) forgotten.push(`${path}: ${field} names a thing; add it to ids of its entry in tests/api/procedures.ts`);
      }
    }
    expect(forgotten).toEqual([]);
  });
});

describe.each(WALKED.filter(({ path }) => PROCEDURES[path]))("$path", (walked) => {
  const entry = PROCEDURES[walked.path]!;

  it("is for those who may, and for nobody else", async () => {
    const judge = async (who: string, person: Person | null, may: boolean): Promise<string[]> => {
      const outcome = await attempt(walked, person, await validInput(entry, world.acme));
      const refused = person === null ? "UNAUTHORIZED" : "FORBIDDEN";
      if (!may) return outcome.code === refused ? [] : [`${who} should get ${refused}, got ${outcome.code} ${outcome.seen.slice(0, 300)}`];
      return outcome.code === "OK" || outcome.code in (entry.mayRefuse ?? {}) ? [] : [`${who} may, but got ${outcome.code} ${outcome.seen.slice(0, 500)} ${faults.at(-1) ?? ""}`];
    };
    const wrong: string[] = [];
    wrong.push(...(await judge("nobody", null, entry.allowed === "public")));
    const [rung, right] = entry.allowed.split(":") as [string, string | undefined];
    for (const role of MEMBER_ROLES) {
      // Mutations of one's own account would use the world's people up.
      const person = rung === "signed-in" && walked.type === "mutation" ? await world.addMember(world.acme, role) : world.acme.people[role];
      wrong.push(...(await judge(`a member who is ${role}`, person, rung === "public" || rung === "signed-in" || (rung === "member" && roleAllows(role, right as MemberRole)))));
    }
    for (const role of OPERATOR_ROLES) {
      if (rung === "staff") wrong.push(...(await judge(`staff, ${role}`, world.staff[role], staffAllows(role, right as OperatorRole))));
    }
    expect(wrong).toEqual([]);
  });

  if (isMembers(entry)) {
    it("answers a stranger as if the organization did not exist, and changes nothing of it", async () => {
      const before = await stored(world.acme);
      const wrong: string[] = [];
      for (const person of [world.globex.people.owner, world.outsider, world.staff.admin]) {
        const input = { organization: world.acme.slug, ...(await entry.input(world, world.globex)) };
        const foreign = await attempt(walked, person, input);
        const missing = await attempt(walked, person, { ...input, organization: "there-is-none" });
        if (foreign.code !== "NOT_FOUND" || foreign.seen.replaceAll(world.acme.slug, "<slug>") !== missing.seen.replaceAll("there-is-none", "<slug>")) wrong.push(`foreign: ${foreign.code} ${foreign.seen}; missing: ${missing.code} ${missing.seen}`);
      }
      expect(wrong).toEqual([]);
      expect(await stored(world.acme)).toEqual(before);
    });
  }

  if (entry.ids && entry.allowed !== "public") {
    it("answers another tenant's id exactly like one that does not exist, and changes nothing of it", async () => {
      const wrong: string[] = [];
      for (const [field, prefix] of Object.entries(entry.ids ?? {})) {
        const theirs = await entry.input(world, world.acme);
        const foreignId = getPath(theirs, field);
        if (typeof foreignId !== "string") throw new Error(`${walked.path}: the valid input has no text at ${field}, which its entry lists under ids`);
        const before = await stored(world.acme);
        const person = isMembers(entry) ? world.globex.people.owner : entry.allowed === "signed-in" ? world.outsider : world.staff.admin;
        const own = await validInput(entry, world.globex);
        const missing = await attempt(walked, person, withPath(own, field, missingId(prefix)));
        if (missing.code === "OK" && walked.type === "mutation") wrong.push(`${field}: a mutation of a missing id succeeded`);
        if (missing.code === "INTERNAL_SERVER_ERROR") wrong.push(`${field}, missing: ${missing.seen} ${faults.at(-1) ?? ""}`);
        // Staff may see every tenant, and some things are offered to everybody: there only the missing id says something.
        if (entry.allowed.startsWith("staff:") || OFFERED_TO_ALL.has(prefix)) {
          if (missing.code !== "NOT_FOUND" && missing.code !== "BAD_REQUEST" && missing.code !== "OK") wrong.push(`${field}, missing: ${missing.code} ${missing.seen}`);
          continue;
        }
        const missingId2 = missingId(prefix);
        const again = await attempt(walked, person, withPath(await validInput(entry, world.globex), field, missingId2));
        const foreign = await attempt(walked, person, withPath(await validInput(entry, world.globex), field, foreignId));
        const plain = (outcome: Outcome, id: string): string => `${outcome.code} ${outcome.seen.replaceAll(id, "<id>")}`;
        if (plain(foreign, foreignId) !== plain(again, missingId2)) wrong.push(`${field}: foreign ${plain(foreign, foreignId)}; missing ${plain(again, missingId2)}`);
        expect(await stored(world.acme), `${walked.path} with another tenant's ${field} changed that tenant`).toEqual(before);
      }
      expect(wrong).toEqual([]);
    });
  }

  it("survives every malformed input, without showing anything of another tenant", async () => {
    const wrong: string[] = [];
    const staff = entry.allowed.startsWith("staff:");
    // A person who signs out everywhere by a malformed call should still be somebody for the next one.
    const fresh = entry.allowed === "signed-in" && walked.type === "mutation";
    const caller = await world.caller(fresh ? await world.addMember(world.globex) : lowestAllowed(entry, world.globex), { changes: hub });
    const look = async ({ what, input }: { what: string; input: unknown }): Promise<void> => {
      const outcome = await attemptWith(caller, walked, input);
      if (outcome.code === "INTERNAL_SERVER_ERROR") wrong.push(`${what}: ${faults.at(-1) ?? outcome.seen}`);
      const leaked = staff ? undefined : marksOf(world.acme).find((mark) => outcome.seen.includes(mark));
      if (leaked) wrong.push(`${what}: shows ${leaked} of another tenant: ${outcome.seen.slice(0, 300)}`);
    };
    const valid = await validInput(entry, world.globex);
    // Without an input to read, whatever is sent is not looked at.
    const tries = (walked.fields === null ? NASTY.slice(0, 3) : NASTY).map((nasty) => ({ what: `the whole input ${describeValue(nasty)}`, input: nasty }));
    for (const field of new Set([...pathsOf(valid), ...(walked.fields ?? []), ...Object.keys(entry.ids ?? {})])) {
      for (const nasty of NASTY) tries.push({ what: `${field} = ${describeValue(nasty)}`, input: withPath(valid, field, nasty) });
    }
    const abreast = 6;
    for (let at = 0; at < tries.length; at += abreast) await Promise.all(tries.slice(at, at + abreast).map(look));
    expect(wrong).toEqual([]);
  }, 120_000);
});

function describeValue(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  return (text(value) ?? String(value)).slice(0, 40);
}
