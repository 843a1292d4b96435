import { TRPCError } from "@trpc/server";
import { sql } from "drizzle-orm";
import { pino } from "pino";
import { z } from "zod";
import { openChangeHub, type ChangeHub } from "@/server/api/change-hub";
import { appRouter } from "@/server/api/root";
import type { Access } from "@/server/api/trpc";
import { systemClock } from "@/server/platform/clock";
import { Problem } from "@/server/platform/errors";
import { ID_PREFIXES, mintId, type IdKind } from "@/server/platform/id";
import { silentLogger } from "@/server/platform/logger";
import { systemRandom } from "@/server/platform/random";
import type { MemberRole, OperatorRole } from "@/server/tenancy";
import { createTestDatabase, type TestDatabase } from "../support/database";
import { createWorld, type Caller, type Person, type Tenant, type World } from "../support/world";
import type { Allowed, ProcedureEntry } from "./procedures";

export interface Walked {
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
export const WALKED: readonly Walked[] = Object.entries(appRouter._def.procedures as unknown as Readonly<Record<string, Stored>>).map(([path, { _def }]) => ({
  path,
  type: _def.type,
  access: accessOf(_def.meta),
  fields: _def.inputs.length === 0 ? null : _def.inputs.flatMap((input) => (input instanceof z.ZodObject ? Object.keys(input.shape as object) : [])),
}));

function accessOf(meta: unknown): Access | null {
  return typeof meta === "object" && meta !== null && "access" in meta ? (meta.access as Access) : null;
}

export function spell(access: Access): Allowed {
  if (access.rung === "member") return `member:${access.right}`;
  if (access.rung === "operator") return `staff:${access.right}`;
  return access.rung;
}

/** A world behind its front door. */
export interface House {
  readonly database: TestDatabase;
  readonly world: World;
  readonly hub: ChangeHub;
  /** What the house logged as its own fault, so that a failure names the cause. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

export async function openHouse(): Promise<House> {
  const database = await createTestDatabase();
  const faults: string[] = [];
  const world = await createWorld(database, { logger: pino({ level: "error" }, { write: (line: string) => void faults.push(line) }) });
  const hub = await openChangeHub({ url: database.url.app, logger: silentLogger });
  return { database, world, hub, faults, close: async () => {
    await hub.close();
    await database.close();
  } };
}

/** What came of one call: the code, and all that the caller got to see. */
export interface Outcome {
  readonly code: string;
  readonly seen: string;
}

export async function attempt(house: House, walked: Walked, person: Person | null, input: unknown): Promise<Outcome> {
  return attemptWith(house, await house.world.caller(person, { changes: house.hub }), walked, input);
}

export async function attemptWith(house: House, caller: Caller, walked: Walked, input: unknown): Promise<Outcome> {
  let target: unknown = caller;
  for (const part of walked.path.split(".")) target = (target as Record<string, unknown>)[part];
  try {
    const answer = await (target as (input: unknown) => Promise<unknown>)(input);
    return { code: "OK", seen: walked.type === "subscription" ? await listenBriefly(house, answer as AsyncIterable<unknown>) : text(answer) };
  } catch (error) {
    if (!(error instanceof TRPCError)) throw error;
    const problem = error.cause instanceof Problem ? { code: error.cause.code, detail: error.cause.detail } : null;
    return { code: error.code, seen: text({ message: error.message, problem }) };
  }
}

export const text = (value: unknown): string => JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? item.toString() : item)) ?? "undefined";

/** What a stream says within a moment, while another tenant's things change. */
async function listenBriefly({ database, world }: House, stream: AsyncIterable<unknown>): Promise<string> {
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
export function lowestAllowed({ world }: House, entry: ProcedureEntry, tenant: Tenant): Person | null {
  if (entry.allowed === "public") return null;
  if (entry.allowed === "signed-in") return tenant.people.viewer;
  const [rung, right] = entry.allowed.split(":") as ["member", MemberRole] | ["staff", OperatorRole];
  return rung === "member" ? tenant.people[right] : world.staff[right];
}

export const isMembers = (entry: ProcedureEntry): boolean => entry.allowed.startsWith("member:");

export async function validInput({ world }: House, entry: ProcedureEntry, tenant: Tenant): Promise<Record<string, unknown>> {
  return { ...(isMembers(entry) ? { organization: tenant.slug } : {}), ...(await entry.input(world, tenant)) };
}

export function getPath(input: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], input);
}

/** Every path of a valid input, the inner ones too: `limits`, `limits.instances`, `sshKeyIds.0`. */
export function pathsOf(value: unknown, prefix = ""): string[] {
  if (typeof value !== "object" || value === null || value instanceof Date) return [];
  return Object.entries(value).flatMap(([name, inner]) => [`${prefix}${name}`, ...pathsOf(inner, `${prefix}${name}.`)]);
}

export function withPath(input: Record<string, unknown>, path: string, value: unknown): Record<string, unknown> {
  const copy = structuredClone(input);
  const parts = path.split(".");
  const last = parts.pop()!;
  const holder = parts.reduce<Record<string, unknown>>((at, part) => at[part] as Record<string, unknown>, copy);
  holder[last] = value;
  return copy;
}

export function missingId(prefix: string): string {
  const kind = (Object.entries(ID_PREFIXES) as [IdKind, string][]).find(([, candidate]) => candidate === prefix)?.[0];
  if (!kind) throw new Error(`tests/api/procedures.ts names the id prefix ${prefix}, which server/platform/id.ts does not know`);
  return mintId(kind, { clock: systemClock, random: systemRandom });
}

/** What only this tenant may see: its ids and names. */
export function marksOf(tenant: Tenant): string[] {
  return [tenant.id, tenant.slug, tenant.instanceId, tenant.imageId, tenant.sshKeyId, tenant.invitationId, tenant.volumeId, ...Object.values(tenant.people).flatMap((person) => [person.id, person.email, person.sessionId])];
}

/** One digest for each table of tenants, asked in one statement that Postgres plans once: it is put a thousand times. */
const digests = new WeakMap<House, Promise<string>>();

async function digestQuery({ database }: House): Promise<string> {
  const tables = await database.owner.execute<{ name: string }>(sql`
    select quote_ident(c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind = 'r' and exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id') order by 1`);
  return tables.rows.map(({ name }) => `select '${name}' as name, coalesce(md5(string_agg(t::text, ',' order by t::text)), '-') as sum from ${name} t where t.organization_id = $1`).join(" union all ");
}

/** Everything stored of a tenant: a digest for each table. */
export async function stored(house: House, tenant: Tenant): Promise<Record<string, string>> {
  const query = digests.get(house) ?? digestQuery(house);
  digests.set(house, query);
  const { rows } = await house.database.owner.pool.query<{ name: string; sum: string }>({ name: "stored", text: await query, values: [tenant.id] });
  return Object.fromEntries(rows.map(({ name, sum }) => [name, sum]));
}

/** Flavors and clusters belong to no tenant. */
export const OFFERED_TO_ALL: ReadonlySet<string> = new Set(["flv", "cls"]);

export const NASTY: readonly unknown[] = [
  undefined, null, "", " ", "x", "../../etc/passwd", "'; drop table instance; --", "\u0000", "a\u0000b", "\ud800", "\u{1f600}", "ins_", `ins_${"0".repeat(26)}`, "%", "\\", "org_'", "x".repeat(100_000),
  -1, 0, 0.5, 1e300, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER, 2 ** 31, true, [], [null], [[]], {}, { length: 1 }, { toString: "x" }, new Date(Number.NaN), new Date(8.64e15), 10n ** 30n,
];

/** A stranger names the organization: the answer must be that of an organization that does not exist. */
export async function strangerFindings(house: House, walked: Walked, entry: ProcedureEntry): Promise<string[]> {
  const { world } = house;
  const before = await stored(house, world.acme);
  const wrong: string[] = [];
  for (const person of [world.globex.people.owner, world.outsider, world.staff.admin]) {
    const input = { organization: world.acme.slug, ...(await entry.input(world, world.globex)) };
    const foreign = await attempt(house, walked, person, input);
    const missing = await attempt(house, walked, person, { ...input, organization: "there-is-none" });
    if (foreign.code !== "NOT_FOUND" || foreign.seen.replaceAll(world.acme.slug, "<slug>") !== missing.seen.replaceAll("there-is-none", "<slug>")) wrong.push(`foreign: ${foreign.code} ${foreign.seen}; missing: ${missing.code} ${missing.seen}`);
  }
  return [...wrong, ...changed(before, await stored(house, world.acme))];
}

/** Another tenant's id in one's own organization: the answer must be that of an id that does not exist. */
export async function foreignIdFindings(house: House, walked: Walked, entry: ProcedureEntry): Promise<string[]> {
  const { world, faults } = house;
  const wrong: string[] = [];
  for (const [field, prefix] of Object.entries(entry.ids ?? {})) {
    const foreignId = getPath(await entry.input(world, world.acme), field);
    if (typeof foreignId !== "string") throw new Error(`${walked.path}: the valid input has no text at ${field}, which its entry lists under ids`);
    const before = await stored(house, world.acme);
    const person = isMembers(entry) ? world.globex.people.owner : entry.allowed === "signed-in" ? world.outsider : world.staff.admin;
    const tryWith = async (id: string): Promise<Outcome> => attempt(house, walked, person, withPath(await validInput(house, entry, world.globex), field, id));
    const noId = missingId(prefix);
    const missing = await tryWith(noId);
    if (missing.code === "OK" && walked.type === "mutation") wrong.push(`${field}: a mutation of a missing id succeeded`);
    if (missing.code === "INTERNAL_SERVER_ERROR") wrong.push(`${field}, missing: ${missing.seen} ${faults.at(-1) ?? ""}`);
    // Staff may see every tenant, and some things are offered to everybody: there only the missing id says something.
    if (entry.allowed.startsWith("staff:") || OFFERED_TO_ALL.has(prefix)) continue;
    const foreign = await tryWith(foreignId);
    const plain = (outcome: Outcome, id: string): string => `${outcome.code} ${outcome.seen.replaceAll(id, "<id>")}`;
    if (plain(foreign, foreignId) !== plain(missing, noId)) wrong.push(`${field}: foreign ${plain(foreign, foreignId)}; missing ${plain(missing, noId)}`);
    wrong.push(...changed(before, await stored(house, world.acme)));
  }
  return wrong;
}

function changed(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): string[] {
  return Object.keys(after).filter((table) => before[table] !== after[table]).map((table) => `rows of the other tenant in ${table} changed`);
}

/** The number of the newest entry of all trails. */
export async function lastAudit({ database }: House): Promise<number> {
  const { rows } = await database.owner.execute<{ id: string }>(sql`select coalesce(max(id), 0) as id from audit_entry`);
  return Number(rows[0]!.id);
}

export async function auditSince({ database }: House, id: number): Promise<{ action: string; actorId: string }[]> {
  const { rows } = await database.owner.execute<{ action: string; actorId: string }>(sql`select action, actor_id as "actorId" from audit_entry where id > ${id} order by id`);
  return rows;
}
