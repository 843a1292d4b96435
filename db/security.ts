import pg from "pg";

/**
 * The second wall: grants and row-level security, derived from the tables themselves and applied after every
 * migration, so that a new table cannot be forgotten.
 *
 * Roles: the owner migrates; `berth_app` is the web, seen through policies by scope; `berth_worker` runs the loops
 * and the gateway, over all tenants. None has BYPASSRLS, and FORCE makes the owner obey too.
 *
 * Scopes of berth_app, set once a request transaction: `tenant` sees rows of app.organization_id, `provider` (our
 * staff) sees all, `identity` (sign-in, sessions, invitations) sees who people are and nothing else.
 */
export const APP_ROLE = "berth_app";
export const WORKER_ROLE = "berth_worker";

/** Rows without an organization that tenants may read: what is on offer. */
const OFFERED_TO_ALL = ["image", "network"];
/** Tables without organization_id that tenants may read. */
const READABLE_BY_TENANTS = ["flavor", "price_version", "issuer"];
/** Tables without organization_id that the identity code of the web works on. */
const IDENTITY = ["user_account", "user_session", "rate_limit"];
/** Tenant tables that the identity code works on as well. */
const IDENTITY_AND_TENANT = ["organization", "member", "invitation", "audit_entry", "audit_head"];
/** Written by tenants' requests, read by the worker only. */
const APP_MAY_INSERT = ["outbox"];
/** Read by tenants' requests for admission and display; holds no tenant's data and no secret. */
const PLACEMENT_FACTS = ["cluster", "storage_pool"];

const setting = (name: string) => `(select nullif(current_setting('${name}', true), ''))`;
const scopeIs = (...scopes: string[]) => `${setting("app.scope")} in (${scopes.map((s) => `'${s}'`).join(", ")})`;

interface Rule {
  readonly using: string;
  readonly check: string;
}

function ruleFor(table: string, hasOrganization: boolean): Rule {
  const provider = scopeIs("provider");
  if (table === "organization") {
    const own = `(${scopeIs("tenant")} and id = ${setting("app.organization_id")})`;
    return { using: `${provider} or ${scopeIs("identity")} or ${own}`, check: `${provider} or ${scopeIs("identity")} or ${own}` };
  }
  if (hasOrganization) {
    const own = `(${scopeIs("tenant")} and organization_id = ${setting("app.organization_id")})`;
    const offered = OFFERED_TO_ALL.includes(table) ? ` or organization_id is null` : "";
    const identity = IDENTITY_AND_TENANT.includes(table) ? ` or ${scopeIs("identity")}` : "";
    return { using: `${provider} or ${own}${offered}${identity}`, check: `${provider} or ${own}${identity}` };
  }
  if (IDENTITY.includes(table)) {
    // A tenant request may see the people of its own organization, and nobody's session but through the identity code.
    const fellow = table === "user_account"
      ? ` or (${scopeIs("tenant")} and exists (select 1 from member m where m.user_id = user_account.id and m.organization_id = ${setting("app.organization_id")}))`
      : "";
    return { using: `${provider} or ${scopeIs("identity")}${fellow}`, check: `${provider} or ${scopeIs("identity")}` };
  }
  if (READABLE_BY_TENANTS.includes(table)) return { using: "true", check: provider };
  if (PLACEMENT_FACTS.includes(table)) return { using: "true", check: provider };
  if (APP_MAY_INSERT.includes(table)) return { using: provider, check: "true" };
  return { using: provider, check: provider };
}

/** Applies grants and policies to every table of the schema; safe to repeat, atomic. */
export async function applySecurity(client: pg.ClientBase): Promise<void> {
  const tables = await client.query<{ name: string; has_organization: boolean }>(`
    select c.relname as name,
           exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped) as has_organization
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition order by c.relname`);
  const statements: string[] = [];
  for (const role of [APP_ROLE, WORKER_ROLE]) {
    // Looked for first: who may not make roles may not try either. Two migrators of one server may both find none.
    statements.push(`do $$ begin if not exists (select 1 from pg_roles where rolname = '${role}') then create role ${role} nologin; end if; exception when duplicate_object or unique_violation then null; end $$`);
    statements.push(`grant usage on schema public to ${role}`, `grant usage, select on all sequences in schema public to ${role}`);
  }
  for (const { name, has_organization } of tables.rows) {
    const table = `"${name}"`;
    const rule = ruleFor(name, has_organization);
    statements.push(`alter table ${table} enable row level security`, `alter table ${table} force row level security`);
    for (const policy of ["app_scope", "worker_all", "owner_all"]) statements.push(`drop policy if exists ${policy} on ${table}`);
    statements.push(`create policy app_scope on ${table} for all to ${APP_ROLE} using (${rule.using}) with check (${rule.check})`);
    statements.push(`create policy worker_all on ${table} for all to ${WORKER_ROLE} using (true) with check (true)`);
    statements.push(`create policy owner_all on ${table} for all to current_user using (true) with check (true)`);
    statements.push(`grant select, insert, update, delete on ${table} to ${APP_ROLE}, ${WORKER_ROLE}`);
  }
  // They make and drop days of partitioned tables with the owner's rights: the worker's alone.
  for (const routine of ["make_days(text, date, int)", "drop_days(text, date)"]) statements.push(`revoke all on function ${routine} from public`, `grant execute on function ${routine} to ${WORKER_ROLE}`);
  await client.query("begin");
  try {
    for (const statement of statements) await client.query(statement);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}

/**
 * Makes a login role, or gives an existing one its password. A role that an administrator made, and that the owner of the database may not change, stays as it is.
 * @throws Error when the role could pass by row-level security, or when nobody made it and the owner may not.
 */
export async function ensureLogin(client: pg.ClientBase, role: typeof APP_ROLE | typeof WORKER_ROLE, password: string): Promise<void> {
  const literal = `'${password.replaceAll("'", "''")}'`;
  // Not "nobypassrls", which is how a role begins: only who has that right may name it.
  const found = await findRole(client, role);
  const statement = found ? `alter role ${role} login password ${literal}` : `create role ${role} login password ${literal}`;
  try {
    await client.query(statement);
  } catch (cause) {
    const code = cause instanceof pg.DatabaseError ? cause.code : undefined;
    // Somebody who migrates another database of this server was quicker.
    if (!found && code !== undefined && TAKEN.has(code)) return ensureLogin(client, role, password);
    if (code !== INSUFFICIENT_PRIVILEGE) throw cause;
    if (!found?.canLogin) throw new Error(`The role ${role} could not be made: the owner of the database may not make roles. Have an administrator run "create role ${role} login password '...'" with the password of its address, then migrate again.`, { cause });
  }
  const now = found ?? (await findRole(client, role));
  if (now?.passesBy) throw new Error(`The role ${role} could read every tenant's rows: it is a superuser or has BYPASSRLS. Have an administrator run "alter role ${role} nosuperuser nobypassrls", then migrate again.`);
}

const INSUFFICIENT_PRIVILEGE = "42501";
/** duplicate_object, and unique_violation where two are made in the same moment. */
const TAKEN: ReadonlySet<string> = new Set(["42710", "23505"]);

async function findRole(client: pg.ClientBase, role: string): Promise<{ readonly canLogin: boolean; readonly passesBy: boolean } | null> {
  const { rows } = await client.query<{ canLogin: boolean; passesBy: boolean }>(`select rolcanlogin as "canLogin", rolsuper or rolbypassrls as "passesBy" from pg_roles where rolname = $1`, [role]);
  return rows[0] ?? null;
}
