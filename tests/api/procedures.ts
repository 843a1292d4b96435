import { randomBytes } from "node:crypto";
import { payment } from "@/db/schema/payment";
import { systemClock } from "@/server/platform/clock";
import { mintId } from "@/server/platform/id";
import { systemRandom } from "@/server/platform/random";
import { sql } from "drizzle-orm";
import type { MemberRole, OperatorRole } from "@/server/tenancy";
import { addDesktopGroup, addDesktopPool, addDesktopSession, addGoldenVersion } from "../support/desktops";
import { createCoupon, grantCredit, issueManualInvoice, readInvoice, setBudget } from "@/server/billing";
import { inTransaction } from "@/server/platform/transaction";
import { testContext } from "../support/database";
import type { Tenant, World } from "../support/world";

/** Who may call a procedure. Written here by hand, and compared with what the procedure itself says. */
export type Allowed = "public" | "signed-in" | `member:${MemberRole}` | `staff:${OperatorRole}`;

/**
 * How to call one procedure. `input` makes a valid input (without `organization`, which is added for members' ones) out
 * of a tenant's things; it may make fresh things, because a mutation uses its own up.
 */
export interface ProcedureEntry {
  readonly allowed: Allowed;
  readonly input: (world: World, tenant: Tenant) => Record<string, unknown> | Promise<Record<string, unknown>>;
  /**
   * Fields of the input that name a thing, by the prefix of its id (`ins`, `usr`). Each is tried with another tenant's
   * id, with one that does not exist, and with what is no id. Nested fields by a path: `sshKeyIds.0`.
   */
  readonly ids?: Readonly<Record<string, string>>;
  /** Codes that a valid call may be refused with, and why, e.g. `{ CONFLICT: "the world has no pool" }`. */
  readonly mayRefuse?: Readonly<Record<string, string>>;
}

const nothing = () => ({});
const entry = (allowed: Allowed, input: ProcedureEntry["input"] = nothing, rest: Omit<ProcedureEntry, "allowed" | "input"> = {}): ProcedureEntry => ({ allowed, input, ...rest });

/** For what changes nothing when it is set to what it is. */
let toggle = true;
const word = (): string => randomBytes(4).toString("hex");
/** OpenSSH's own form of a new Ed25519 key (RFC 4253, section 6.6; RFC 8709). */
const newPublicKey = (): string => `ssh-ed25519 ${Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from("ssh-ed25519"), Buffer.from([0, 0, 0, 32]), randomBytes(32)]).toString("base64")} somebody@world`;
const instance = { ids: { instanceId: "ins" } } as const;
const host = { ids: { hostId: "hst" } } as const;
const freshHost = async (world: World) => ({ hostId: await world.addHost() });
const newHost = (world: World) => ({ clusterId: world.clusterId, name: `new-${word()}`, uri: "simulated://new", managementAddress: "192.0.2.9", power: { kind: "simulated", hostName: "new" } });

const pool = { ids: { poolId: "dpl" } } as const;
const version = { ids: { versionId: "giv" } } as const;
const somePool = async (world: World, tenant: Tenant) => ({ poolId: (await addDesktopPool(world, tenant)).poolId });
let ranges = 0;
/** No two of them overlap, whoever has them. */
const freeRange = (): string => `172.16.${Math.floor(++ranges / 16)}.${(ranges % 16) * 16}/28`;
const someNetwork = async (world: World, tenant: Tenant) => ({ networkId: (await (await world.caller(tenant.people.owner)).networks.create({ organization: tenant.slug, name: word(), cidr: freeRange() })).id });
const group = { ids: { groupId: "dgr" } } as const;
const someGroup = async (world: World, tenant: Tenant) => ({ groupId: await addDesktopGroup(world, tenant) });
const someVersion = async (world: World, tenant: Tenant) => ({ versionId: (await addGoldenVersion(world, tenant)).versionId });
const ownSession = async (world: World, tenant: Tenant) => ({ sessionId: (await addDesktopSession(world, tenant, tenant.people.viewer.id)).sessionId });
const ofOthers = { ids: { sessionId: "dse" }, mayRefuse: { NOT_FOUND: "a session is for its own person alone" } } as const;

/** A line of the tenant's own draft; its key is built from what was used, and names no organization. */
const firstLineKey = async (world: World, tenant: Tenant): Promise<string> => {
  const draft = await (await world.caller(tenant.people.owner)).billing.draft({ organization: tenant.slug });
  return draft.lines[0]!.key;
};

/** A plan that waits for an operator's word. */
const freshAdvice = async (world: World): Promise<{ adviceId: string }> => {
  const adviceId = `adv_${word()}${word()}${word()}00`;
  await world.database.owner.execute(sql`insert into advice (id, cluster_id, kind, host_id, reason, plan, based_on_generation, state, created_at, confirmed_at) values (${adviceId}, ${world.clusterId}, 'evacuate', ${await world.addHost()}, 'its disk fails', '{}', 1, 'open', now(), now())`);
  return { adviceId };
};
const freshIncident = async (world: World): Promise<{ incidentId: string }> => {
  const incidentId = `inc_${word()}${word()}${word()}00`;
  await world.database.owner.execute(sql`insert into incident (id, cluster_id, host_id, kind, title, opened_at) values (${incidentId}, ${world.clusterId}, ${await world.addHost()}, 'host-lost', 'a host is lost', now())`);
  return { incidentId };
};

const freshEnergyReport = async (world: World): Promise<{ reportId: string }> => {
  const reportId = mintId("energyReport", { clock: systemClock, random: systemRandom });
  await world.database.owner.execute(sql`insert into energy_report (id, cluster_id, from_at, to_at, used_kwh, without_sleep_kwh, moves_kwh, saved_kwh, saved_micros, currency, saved_carbon_grams, inputs, created_at) values (${reportId}, ${world.clusterId}, clock_timestamp(), clock_timestamp() + interval '1 day', 1, 2, 0, 1, 1, 'EUR', 1, '{}', now())`);
  return { reportId };
};
const freshRule = async (world: World): Promise<{ ruleId: string }> => {
  const ruleId = mintId("placementRule", { clock: systemClock, random: systemRandom });
  await world.database.owner.execute(sql`insert into placement_rule (id, cluster_id, kind, instance_ids, created_at, created_by) values (${ruleId}, ${world.clusterId}, 'apart', '["ins_none"]', now(), 'test')`);
  return { ruleId };
};
const freshRehearsal = async (world: World): Promise<{ rehearsalId: string }> => {
  const rehearsalId = mintId("rehearsal", { clock: systemClock, random: systemRandom });
  await world.database.owner.execute(sql`insert into rehearsal (id, cluster_id, kind, question, state, asked_at, asked_by) values (${rehearsalId}, ${world.clusterId}, 'ratio', '{"kind":"ratio","cpuRatio":3}', 'asked', now(), 'test')`);
  return { rehearsalId };
};

/** A hosted page that the tenant has asked for. */
const freshLink = async (world: World, tenant: Tenant): Promise<string> => {
  const caller = await world.caller(tenant.people.owner);
  return (await caller.billing.payment.requestLink({ organization: tenant.slug, kind: "setup", returnPath: "/o/x/billing" })).id;
};
const freshPush = async (world: World, tenant: Tenant): Promise<string> => {
  const linkId = await freshLink(world, tenant);
  const { pushes } = await (await world.caller(world.staff.auditor)).admin.payments.syncState();
  return pushes.find((push) => push.subjectId === linkId)!.id;
};
const freshPayment = async (world: World, tenant: Tenant): Promise<string> => {
  const id = mintId("payment", { clock: systemClock, random: systemRandom });
  await world.database.owner.insert(payment).values({ id, organizationId: tenant.id, remoteId: `ch_${id}`, remotePaymentId: `pi_${id}`, status: "succeeded", currency: "JPY", amountMinor: 100, at: systemClock.now(), createdAt: systemClock.now() });
  return id;
};

const freshUpdate = async (world: World): Promise<{ updateId: string }> => {
  const updateId = `upd_${word()}${word()}${word()}00`;
  await world.database.owner.execute(sql`update host_update set state = 'done' where cluster_id = ${world.clusterId}`);
  await world.database.owner.execute(sql`insert into host_update (id, cluster_id, name, step, state, created_by, created_at) values (${updateId}, ${world.clusterId}, 'kernel', '{"kind":"none"}', 'running', 'test', now())`);
  return { updateId };
};

/** An invoice of the tenant, issued now. */
const issuedInvoice = async (world: World, tenant: Tenant): Promise<string> => {
  const context = testContext(world.database.worker);
  return (await inTransaction(context, (tx) => issueManualInvoice(tx, context, { organizationId: tenant.id, lines: [{ description: "a thing", amountMinor: 10_000 }] }))).id;
};
const lineOf = async (world: World, tenant: Tenant, invoiceId: string): Promise<{ invoiceId: string; lineId: string }> => ({ invoiceId, lineId: (await readInvoice(testContext(world.database.worker), { organizationId: tenant.id, invoiceId })).lines[0]!.id });
const newCoupon = async (world: World, tenant: Tenant): Promise<string> =>
  (await createCoupon(testContext(world.database.worker), { code: `FREE-${word()}`, kind: "trial", currency: tenant.slug === "acme" ? "JPY" : "USD", durationDays: 14 })).code;
const newGrant = async (world: World, tenant: Tenant): Promise<string> =>
  (await grantCredit(testContext(world.database.worker), { organizationId: tenant.id, kind: "goodwill", currency: tenant.slug === "acme" ? "JPY" : "USD", amountMicros: 5, reason: "sorry", idempotencyKey: `new-${word()}` })).id;

/** Every procedure of the router, by its path. */
export const PROCEDURES: Readonly<Record<string, ProcedureEntry>> = {
  "account.me": entry("signed-in"),
  "account.updateProfile": entry("signed-in", () => ({ name: "Somebody Else", locale: "ja", timeZone: "Europe/Paris" })),
  "account.changePassword": entry("signed-in", () => ({ currentPassword: "correct horse battery staple", newPassword: "another horse, another staple" }), { mayRefuse: { TOO_MANY_REQUESTS: "many tries in a row", BAD_REQUEST: "another try changed it before" } }),
  "account.sessions": entry("signed-in"),
  "account.revokeSession": entry("signed-in", (_, tenant) => ({ id: tenant.people.viewer.sessionId }), { ids: { id: "uss" }, mayRefuse: { NOT_FOUND: "only one's own session can be revoked" } }),
  "account.revokeOtherSessions": entry("signed-in", () => ({ includingThis: true })),
  "account.invitation": entry("public", async (world, tenant) => ({ token: (await world.addInvitation(tenant)).token })),
  "account.acceptInvitation": entry("public", async (world, tenant) => ({ token: (await world.addInvitation(tenant)).token, name: "New Person", password: "a password of many words" })),

  "audit.list": entry("member:admin", () => ({ limit: 10 })),
  "live.changes": entry("signed-in"),

  "members.list": entry("member:viewer", () => ({ search: "person" })),
  "members.invitations": entry("member:admin"),
  "members.invite": entry("member:admin", () => ({ email: `new-${word()}@world.test`, role: "viewer" })),
  "members.revokeInvitation": entry("member:admin", async (world, tenant) => ({ invitationId: (await world.addInvitation(tenant)).id }), { ids: { invitationId: "inv" } }),
  "members.changeRole": entry("member:admin", async (world, tenant) => ({ userId: (await world.addMember(tenant)).id, role: "operator" }), { ids: { userId: "usr" } }),
  "members.remove": entry("member:admin", async (world, tenant) => ({ userId: (await world.addMember(tenant)).id }), { ids: { userId: "usr" } }),

  "organization.get": entry("member:viewer"),
  "organization.update": entry("member:admin", () => ({ timeZone: "Asia/Tokyo" })),

  "catalog.flavors": entry("member:viewer"),
  "catalog.prices": entry("member:viewer"),
  "catalog.publicFlavors": entry("public", () => ({ currency: "JPY" })),
  "quota.get": entry("member:viewer"),

  "images.list": entry("member:viewer"),
  "images.beginUpload": entry("member:operator", () => ({ name: `upload ${word()}`, format: "qcow2", sizeBytes: 1_000_000 })),
  "images.remove": entry("member:operator", async (world, tenant) => ({ imageId: await world.addImage(tenant) }), { ids: { imageId: "img" } }),

  "networks.list": entry("member:viewer"),
  "networks.create": entry("member:admin", () => ({ name: word(), cidr: freeRange() })),
  "networks.remove": entry("member:admin", someNetwork, { ids: { networkId: "net" } }),
  "sshKeys.list": entry("member:viewer"),
  "sshKeys.add": entry("member:operator", () => ({ name: `key ${word()}`, publicKey: newPublicKey() })),
  "sshKeys.remove": entry("member:operator", async (world, tenant) => ({ sshKeyId: await world.addSshKey(tenant) }), { ids: { sshKeyId: "key" } }),

  "instances.list": entry("member:viewer", () => ({ search: "-", status: "running", sort: "name", direction: "asc" })),
  "instances.get": entry("member:viewer", (_, tenant) => ({ instanceId: tenant.instanceId }), instance),
  "instances.timeline": entry("member:viewer", (_, tenant) => ({ instanceId: tenant.instanceId }), instance),
  "instances.usage": entry("member:viewer", (_, tenant) => ({ instanceId: tenant.instanceId }), instance),
  "instances.previewResize": entry("member:viewer", (world, tenant) => ({ instanceId: tenant.instanceId, flavorId: world.largerFlavorId, diskGiB: 8 }), { ids: { instanceId: "ins", flavorId: "flv" } }),
  "instances.create": entry(
    "member:operator",
    (world, tenant) => ({ name: `new-${word()}`, flavorId: world.flavorId, imageId: tenant.imageId, sshKeyIds: [tenant.sshKeyId], userData: "#cloud-config", antiAffinityGroup: "web", idempotencyKey: word(), clusterId: world.clusterId }),
    { ids: { imageId: "img", "sshKeyIds.0": "key", flavorId: "flv", clusterId: "cls" } },
  ),
  "instances.start": entry("member:operator", async (world, tenant) => ({ instanceId: await world.addInstance(tenant, { power: "stopped" }) }), instance),
  "instances.stop": entry("member:operator", async (world, tenant) => ({ instanceId: await world.addInstance(tenant), graceSeconds: 10, force: false }), instance),
  "instances.suspend": entry("member:operator", async (world, tenant) => ({ instanceId: await world.addInstance(tenant) }), instance),
  "instances.reboot": entry("member:operator", async (world, tenant) => ({ instanceId: await world.addInstance(tenant), mode: "reset" }), instance),
  "instances.rename": entry("member:operator", async (world, tenant) => ({ instanceId: await world.addInstance(tenant), name: `renamed-${word()}` }), instance),
  "instances.resize": entry("member:operator", async (world, tenant) => ({ instanceId: await world.addInstance(tenant), flavorId: world.largerFlavorId }), { ids: { instanceId: "ins", flavorId: "flv" } }),
  "instances.rebuild": entry("member:operator", async (world, tenant) => ({ instanceId: await world.addInstance(tenant), imageId: tenant.imageId }), { ids: { instanceId: "ins", imageId: "img" } }),
  "instances.moveConsent": entry("member:viewer", (_, tenant) => ({ instanceId: tenant.instanceId }), instance),
  "instances.previewMoveConsent": entry("member:viewer", (_, tenant) => ({ instanceId: tenant.instanceId, timeZone: "Asia/Tokyo", notDuring: [{ from: "09:00", to: "18:00" }], noticeMinutes: 30, movableForDiscount: true }), instance),
  "instances.setMoveConsent": entry("member:operator", async (world, tenant) => ({ instanceId: await world.addInstance(tenant), timeZone: "Asia/Tokyo", notDuring: [{ from: "09:00", to: "18:00", days: [1, 2, 3, 4, 5] }], noticeMinutes: 30, movableForDiscount: false }), instance),
  "instances.restartOrder": entry("member:viewer", (_, tenant) => ({ instanceId: tenant.instanceId }), instance),
  "instances.setRestartOrder": entry("member:operator", async (world, tenant) => ({ instanceId: await world.addInstance(tenant), priority: "high", startAfter: [await world.addInstance(tenant)] }), { ids: { instanceId: "ins", "startAfter.0": "ins" } }),
  "instances.delete": entry("member:operator", async (world, tenant) => ({ instanceId: await world.addInstance(tenant) }), instance),
  "instances.restore": entry("member:operator", async (world, tenant) => ({ instanceId: await world.addInstance(tenant, { deleted: true }) }), instance),
  "instances.purge": entry("member:owner", async (world, tenant) => ({ instanceId: await world.addInstance(tenant, { deleted: true }) }), instance),

  "console.ticket": entry("member:viewer", async (world, tenant) => ({ instanceId: await world.addInstance(tenant), kind: "vnc", viewOnly: true }), instance),
  "console.sessions": entry("member:admin"),
  "console.end": entry("member:admin", async (world, tenant) => ({ consoleSessionId: await world.addConsole(tenant) }), { ids: { consoleSessionId: "con" } }),

  "desktops.mine": entry("member:viewer"),
  "desktops.open": entry("member:viewer", async (world, tenant) => ({ poolId: (await addDesktopPool(world, tenant)).poolId }), pool),
  "desktops.session": entry("member:viewer", ownSession, ofOthers),
  "desktops.ticket": entry("member:viewer", ownSession, ofOthers),
  "desktops.fileTicket": entry("member:viewer", async (world, tenant) => {
    const session = await ownSession(world, tenant);
    await world.database.owner.execute(sql`update desktop_pool set files_out = true where id = (select pool_id from desktop_session where id = ${session.sessionId})`);
    return { ...session, way: "list" };
  }, ofOthers),
  "desktops.report": entry("member:viewer", async (world, tenant) => ({ ...(await ownSession(world, tenant)), connectMs: 310, latencyMs: 24 }), ofOthers),
  "desktops.tell": entry("member:viewer", async (world, tenant) => {
    const session = await ownSession(world, tenant);
    await world.database.owner.execute(sql`update desktop_pool set records_events = true where id = (select pool_id from desktop_session where id = ${session.sessionId})`);
    return { ...session, kind: "screenshot" };
  }, ofOthers),
  "desktops.logOff": entry("member:viewer", ownSession, ofOthers),
  "desktopGroups.list": entry("member:operator"),
  "desktopGroups.members": entry("member:operator", someGroup, group),
  "desktopGroups.create": entry("member:admin", () => ({ name: `Group ${word()}` })),
  "desktopGroups.delete": entry("member:admin", someGroup, group),
  "desktopGroups.addMembers": entry("member:admin", async (world, tenant) => ({ ...(await someGroup(world, tenant)), emails: ["somebody@world.test"] }), group),
  "desktopGroups.removeMembers": entry("member:admin", async (world, tenant) => ({ ...(await someGroup(world, tenant)), emails: ["first@world.test"] }), group),
  "desktopGroups.import": entry("member:admin", async (world, tenant) => ({ ...(await someGroup(world, tenant)), csv: `name,email\nSomebody,${word()}@world.test\n` }), group),
  "desktopPools.list": entry("member:operator"),
  "desktopPools.get": entry("member:operator", somePool, pool),
  "desktopPools.sessionEvents": entry("member:admin", ownSession, { ids: { sessionId: "dse" } }),
  "desktopPools.desktops": entry("member:operator", somePool, pool),
  "desktopPools.sessions": entry("member:operator"),
  "desktopPools.assignments": entry("member:operator", somePool, pool),
  "desktopPools.create": entry("member:admin", async (world, tenant) => ({ name: `d-${word()}`, kind: "persistent", goldenImageId: (await addGoldenVersion(world, tenant)).goldenImageId, flavorId: world.largerFlavorId, maximum: 3 }), { ids: { flavorId: "flv", goldenImageId: "gim" }, mayRefuse: { BAD_REQUEST: "the world's image may be larger than its flavor" } }),
  "desktopPools.update": entry("member:admin", async (world, tenant) => ({ ...(await somePool(world, tenant)), maximum: 4 }), pool),
  "desktopPools.rollOut": entry("member:admin", async (world, tenant) => { const { poolId, versionId } = await addDesktopPool(world, tenant); return { poolId, versionId }; }, { ids: { poolId: "dpl", versionId: "giv" } }),
  "desktopPools.delete": entry("member:admin", somePool, pool),
  "desktopPools.assign": entry("member:admin", async (world, tenant) => ({ ...(await somePool(world, tenant)), emails: ["somebody@world.test"] }), pool),
  "desktopPools.unassign": entry("member:admin", async (world, tenant) => ({ assignmentId: (await addDesktopPool(world, tenant)).assignmentId }), { ids: { assignmentId: "das" } }),
  "desktopPools.assignDesktop": entry("member:admin", async (world, tenant) => {
    const { poolId, desktopId } = await addDesktopPool(world, tenant);
    await world.database.owner.execute(sql`update desktop_pool set kind = 'persistent' where id = ${poolId}`);
    return { desktopId, email: tenant.people.viewer.email };
  }, { ids: { desktopId: "dsk" } }),
  "desktopPools.reset": entry("member:admin", async (world, tenant) => ({ desktopId: (await addDesktopPool(world, tenant)).desktopId }), { ids: { desktopId: "dsk" } }),
  "desktopPools.endSession": entry("member:admin", async (world, tenant) => ({ sessionId: (await addDesktopSession(world, tenant, tenant.people.viewer.id)).sessionId }), { ids: { sessionId: "dse" } }),
  "desktopPools.pictures": entry("member:admin", somePool, pool),
  "desktopPools.watch": entry("member:admin", somePool, pool),
  "desktopPools.costs": entry("member:admin"),
  "desktopPools.goldenVersions": entry("member:operator"),
  "desktopPools.screenshot": entry("member:operator", someVersion, version),
  "desktopPools.addVersion": entry("member:admin", (_, tenant) => ({ goldenImageName: `golden ${word()}`, imageId: tenant.imageId }), { ids: { imageId: "img" } }),
  "desktopPools.publishVersion": entry("member:admin", async (world, tenant) => ({ versionId: (await addGoldenVersion(world, tenant, "checked")).versionId }), version),
  "desktopPools.retireVersion": entry("member:admin", someVersion, version),

  "usage.summary": entry("member:viewer"),
  "usage.windows": entry("member:viewer", (_, tenant) => ({ instanceId: tenant.instanceId, limit: 10 }), { ids: { instanceId: "ins" } }),
  "billing.draft": entry("member:billing"),
  "billing.payment.overview": entry("member:billing"),
  "billing.payment.subscriptions": entry("member:billing"),
  "billing.payment.dunning": entry("member:viewer"),
  "billing.payment.requestLink": entry("member:billing", () => ({ kind: "prepay", amountMinor: 5_000, returnPath: "/o/x/billing" })),
  "billing.payment.link": entry("member:billing", async (world, tenant) => ({ linkId: await freshLink(world, tenant) }), { ids: { linkId: "lnk" } }),
  "admin.payments.standings": entry("staff:auditor"),
  "admin.payments.organization": entry("staff:auditor", (_, tenant) => ({ organizationId: tenant.id }), { ids: { organizationId: "org" } }),
  "admin.payments.dunningBoard": entry("staff:auditor"),
  "admin.payments.extendDunning": entry("staff:support", (_, tenant) => ({ organizationId: tenant.id, days: 3, reason: "a bank holiday" }), { ids: { organizationId: "org" }, mayRefuse: { NOT_FOUND: "nothing is overdue in the world" } }),
  "admin.payments.syncState": entry("staff:auditor"),
  "admin.payments.retryPush": entry("staff:support", async (world, tenant) => ({ pushId: await freshPush(world, tenant) }), { ids: { pushId: "psh" } }),
  "admin.payments.differences": entry("staff:auditor"),
  "admin.payments.compareNow": entry("staff:support"),
  "admin.payments.subscriptions": entry("staff:auditor", (_, tenant) => ({ organizationId: tenant.id }), { ids: { organizationId: "org" } }),
  "admin.payments.addSubscription": entry("staff:support", (_, tenant) => ({ organizationId: tenant.id, description: "Support", amountMinor: 1_000 }), { ids: { organizationId: "org" } }),
  "admin.payments.endSubscription": entry("staff:support", async (world, tenant) => ({ subscriptionId: (await (await world.caller(world.staff.support)).admin.payments.addSubscription({ organizationId: tenant.id, description: "Support", amountMinor: 1_000 })).id }), { ids: { subscriptionId: "rec" } }),
  "admin.payments.refund": entry("staff:support", async (world, tenant) => ({ paymentId: await freshPayment(world, tenant), amountMinor: 1, reason: "a test" }), { ids: { paymentId: "pay" }, mayRefuse: { CONFLICT: "nothing is held beyond what is owed" } }),
  "billing.lineWindows": entry("member:billing", async (world, tenant) => ({ key: await firstLineKey(world, tenant) })),

  "billing.breakdown": entry("member:billing"),
  "billing.invoices": entry("member:billing"),
  "billing.invoice": entry("member:billing", async (world, tenant) => ({ invoiceId: await issuedInvoice(world, tenant) }), { ids: { invoiceId: "bil" } }),
  "billing.invoiceLineWindows": entry("member:billing", async (world, tenant) => lineOf(world, tenant, await issuedInvoice(world, tenant)), { ids: { invoiceId: "bil", lineId: "bll" } }),
  "billing.ledger": entry("member:billing"),
  "billing.credits": entry("member:billing"),
  "billing.redeemCoupon": entry("member:billing", async (world, tenant) => ({ code: await newCoupon(world, tenant) })),
  "billing.evidenceKeys": entry("member:billing"),
  "billing.budget": entry("member:billing"),
  "billing.setBudget": entry("member:billing", () => ({ amountMinor: 100_000, thresholdsPercent: [80], hardCap: false })),
  "billing.removeBudget": entry("member:billing", async (world, tenant) => {
    // One that is there to be removed; removing none changes nothing and writes nothing.
    await setBudget(testContext(world.database.worker), { organizationId: tenant.id, amountMinor: 1_000 });
    return {};
  }),
  "billing.profile": entry("member:billing"),
  "billing.setProfile": entry("member:billing", () => ({ legalName: "Somebody Ltd", address: "1 Road", country: "JP", billingEmail: null, taxId: "T7000012050002" })),

  "admin.billing.issuer": entry("staff:auditor"),
  "admin.billing.setIssuer": entry("staff:admin", () => ({ legalName: "Berth KK", address: "Tokyo", country: "JP", registrationNumber: "T7000012050002", numberPrefix: "B-", creditNotePrefix: "C-", paymentTermDays: 14 })),
  "admin.billing.parkedInvoices": entry("staff:auditor"),
  "admin.billing.invoices": entry("staff:auditor", (_, tenant) => ({ organizationId: tenant.id }), { ids: { organizationId: "org" } }),
  "admin.billing.invoice": entry("staff:auditor", async (world, tenant) => ({ invoiceId: await issuedInvoice(world, tenant) }), { ids: { invoiceId: "bil" } }),
  "admin.billing.invoiceLineWindows": entry("staff:auditor", async (world, tenant) => lineOf(world, tenant, await issuedInvoice(world, tenant)), { ids: { invoiceId: "bil", lineId: "bll" } }),
  "admin.billing.instanceEvents": entry("staff:auditor", (_, tenant) => ({ instanceId: tenant.instanceId }), instance),
  "admin.billing.money": entry("staff:auditor", (_, tenant) => ({ organizationId: tenant.id }), { ids: { organizationId: "org" } }),
  "admin.billing.draft": entry("staff:auditor", (_, tenant) => ({ organizationId: tenant.id }), { ids: { organizationId: "org" } }),
  "admin.billing.issueNow": entry("staff:admin", (_, tenant) => ({ organizationId: tenant.id }), { ids: { organizationId: "org" }, mayRefuse: { CONFLICT: "a period was closed a moment ago" } }),
  "admin.billing.periods": entry("staff:auditor"),
  "admin.billing.releaseInvoice": entry("staff:admin", async (world, tenant) => ({ invoiceId: await issuedInvoice(world, tenant) }), { ids: { invoiceId: "bil" }, mayRefuse: { CONFLICT: "an issued invoice is not parked" } }),
  "admin.billing.voidInvoice": entry("staff:admin", async (world, tenant) => ({ invoiceId: await issuedInvoice(world, tenant), reason: "made twice" }), { ids: { invoiceId: "bil" } }),
  "admin.billing.issueCreditNote": entry("staff:admin", async (world, tenant) => ({ invoiceId: await issuedInvoice(world, tenant), reason: "an outage", amounts: [{ rateBasisPoints: 1000, netMinor: 1 }], idempotencyKey: `note-${word()}` }), { ids: { invoiceId: "bil" }, mayRefuse: { BAD_REQUEST: "another buyer's invoice may have another rate" } }),
  "admin.billing.credits": entry("staff:auditor", (_, tenant) => ({ organizationId: tenant.id }), { ids: { organizationId: "org" } }),
  "admin.billing.grantCredit": entry("staff:support", (world, tenant) => ({ organizationId: tenant.id, kind: "goodwill", currency: tenant.slug === "acme" ? "JPY" : "USD", amountMicros: 1_000_000, reason: "sorry", idempotencyKey: `grant-${word()}` }), { ids: { organizationId: "org" } }),
  "admin.billing.voidCredit": entry("staff:support", async (world, tenant) => ({ grantId: await newGrant(world, tenant) }), { ids: { grantId: "crg" } }),
  "admin.billing.coupons": entry("staff:auditor"),
  "admin.billing.createCoupon": entry("staff:admin", () => ({ code: `NEW-${word().toUpperCase()}`, kind: "percent", basisPoints: 1_000, currency: "JPY", durationDays: 30 })),
  "admin.billing.addCommitment": entry("staff:admin", (world, tenant) => ({ organizationId: tenant.id, meter: "instance", flavorId: world.flavorId, units: 2, microsPerHour: 1_000, endsAt: new Date(Date.now() + 86_400_000) }), { ids: { organizationId: "org", flavorId: "flv" } }),
  "admin.billing.previewPrices": entry("staff:auditor", (world) => ({ currency: "JPY", prices: [{ meter: "instance", flavorId: world.flavorId, microsPerHour: 2_000_000 }] })),
  "admin.billing.drift": entry("staff:auditor"),

  "admin.audit.list": entry("staff:auditor"),
  "admin.audit.verify": entry("staff:auditor"),

  "admin.organizations.list": entry("staff:auditor", () => ({ search: "acme" })),
  "admin.organizations.get": entry("staff:auditor", (_, tenant) => ({ organizationId: tenant.id }), { ids: { organizationId: "org" } }),
  "admin.organizations.create": entry("staff:support", () => ({ name: "New Ltd", slug: `new-${word()}`, currency: "JPY", ownerEmail: "owner@new.test" })),
  "admin.organizations.previewQuota": entry("staff:auditor", (_, tenant) => ({ organizationId: tenant.id, limits: { instances: 5 } }), { ids: { organizationId: "org" } }),
  "admin.organizations.setQuota": entry("staff:support", (_, tenant) => ({ organizationId: tenant.id, limits: { snapshots: 999_999 } }), { ids: { organizationId: "org" } }),
  "admin.organizations.setStanding": entry("staff:support", async (world) => ({ organizationId: (await world.addOrganization()).id, standing: "restricted", reason: "an open invoice" }), { ids: { organizationId: "org" } }),

  "admin.catalog.flavors": entry("staff:auditor"),
  "admin.catalog.createFlavor": entry("staff:admin", () => ({ name: `f-${word()}`, class: "standard", vcpus: 1, memoryMiB: 512, diskGiB: 10 })),
  "admin.catalog.setOnSale": entry("staff:admin", (world) => ({ flavorId: world.largerFlavorId, onSale: (toggle = !toggle) }), { ids: { flavorId: "flv" } }),
  "admin.catalog.prices": entry("staff:auditor"),
  "admin.catalog.addPriceVersion": entry("staff:admin", (world) => ({ meter: "instance", flavorId: world.flavorId, currency: "EUR", microsPerHour: 1000 }), { ids: { flavorId: "flv" } }),
  "admin.catalog.images": entry("staff:auditor"),
  "admin.catalog.beginImageUpload": entry("staff:admin", () => ({ name: `public ${word()}`, format: "raw", sizeBytes: 1_000_000 })),
  "admin.catalog.removeImage": entry("staff:admin", async (world) => ({ imageId: await world.addPublicImage() }), { ids: { imageId: "img" } }),

  "admin.desktops.overview": entry("staff:auditor"),
  "admin.consoles.list": entry("staff:auditor", (_, tenant) => ({ organizationId: tenant.id }), { ids: { organizationId: "org" } }),
  "admin.consoles.end": entry("staff:support", async (world, tenant) => ({ consoleSessionId: await world.addConsole(tenant) }), { ids: { consoleSessionId: "con" } }),

  "admin.clusters.create": entry("staff:admin", () => ({ name: `new-${word()}`, hypervisor: "simulated", cpuModel: "qemu64", pool: { name: "berth", path: "/srv/berth" }, network: { name: "private", cidr: "10.80.0.0/24", gateway: "10.80.0.1", firstAddress: "10.80.0.10", lastAddress: "10.80.0.250", dnsServers: [], bridge: "br-berth" } })),
  "admin.clusters.list": entry("staff:auditor"),
  "admin.clusters.get": entry("staff:auditor", (world) => ({ clusterId: world.clusterId }), { ids: { clusterId: "cls" } }),
  "admin.clusters.previewPolicy": entry("staff:auditor", (world) => ({ clusterId: world.clusterId, cpuRatio: 3 }), { ids: { clusterId: "cls" } }),
  "admin.clusters.updatePolicy": entry("staff:admin", (world) => ({ clusterId: world.clusterId, cpuRatio: 4 }), { ids: { clusterId: "cls" } }),

  "admin.automation.get": entry("staff:auditor", (world) => ({ clusterId: world.clusterId }), { ids: { clusterId: "cls" } }),
  "admin.automation.update": entry("staff:admin", (world) => ({ clusterId: world.clusterId, rebalance: "advise", quietHours: [{ from: "08:00", to: "20:00" }], timeZone: "Europe/Paris" }), { ids: { clusterId: "cls" } }),
  "admin.automation.preview": entry("staff:auditor", (world) => ({ clusterId: world.clusterId, consolidate: "automatic", drillDays: 30 }), { ids: { clusterId: "cls" } }),
  "admin.automation.exportEnergy": entry("staff:auditor", freshEnergyReport, { ids: { reportId: "nrg" } }),
  "admin.clusters.rules": entry("staff:auditor", (world) => ({ clusterId: world.clusterId }), { ids: { clusterId: "cls" } }),
  "admin.clusters.previewRule": entry("staff:auditor", (world, tenant) => ({ clusterId: world.clusterId, kind: "apart", instanceIds: [tenant.instanceId], strict: false }), { ids: { clusterId: "cls", "instanceIds.0": "ins" } }),
  "admin.clusters.addRule": entry("staff:admin", (world, tenant) => ({ clusterId: world.clusterId, kind: "apart", instanceIds: [tenant.instanceId], strict: false }), { ids: { clusterId: "cls", "instanceIds.0": "ins" } }),
  "admin.clusters.removeRule": entry("staff:admin", freshRule, { ids: { ruleId: "plr" } }),
  "admin.rehearsals.list": entry("staff:auditor", (world) => ({ clusterId: world.clusterId }), { ids: { clusterId: "cls" } }),
  "admin.rehearsals.get": entry("staff:auditor", freshRehearsal, { ids: { rehearsalId: "reh" } }),
  "admin.rehearsals.export": entry("staff:auditor", freshRehearsal, { ids: { rehearsalId: "reh" } }),
  "admin.rehearsals.ask": entry("staff:support", (world) => ({ clusterId: world.clusterId, question: { kind: "ratio", cpuRatio: 3 } }), { ids: { clusterId: "cls" } }),
  "admin.rehearsals.carryOut": entry("staff:admin", freshRehearsal, { ids: { rehearsalId: "reh" }, mayRefuse: { CONFLICT: "nobody has played it yet" } }),
  "admin.rehearsals.drills": entry("staff:auditor", (world) => ({ clusterId: world.clusterId }), { ids: { clusterId: "cls" } }),
  "admin.rehearsals.orderDrill": entry("staff:admin", freshHost, { ...host, mayRefuse: { CONFLICT: "the host is not marked for drills" } }),
  "admin.automation.advice": entry("staff:auditor", (world) => ({ clusterId: world.clusterId }), { ids: { clusterId: "cls" } }),
  "admin.automation.acceptAdvice": entry("staff:admin", freshAdvice, { ids: { adviceId: "adv" } }),
  "admin.automation.dismissAdvice": entry("staff:admin", freshAdvice, { ids: { adviceId: "adv" } }),
  "admin.automation.certificates": entry("staff:auditor", (world) => ({ clusterId: world.clusterId }), { ids: { clusterId: "cls" } }),
  "admin.automation.powerTimeline": entry("staff:auditor", (world) => ({ clusterId: world.clusterId, days: 7 }), { ids: { clusterId: "cls" } }),
  "admin.automation.updates": entry("staff:auditor", (world) => ({ clusterId: world.clusterId }), { ids: { clusterId: "cls" } }),
  "admin.automation.startUpdate": entry("staff:admin", (world) => ({ clusterId: world.clusterId, name: "kernel", hostIds: [world.hostIds[1]], step: { kind: "none" } }), { ids: { clusterId: "cls", "hostIds.0": "hst" }, mayRefuse: { CONFLICT: "one update of a cluster runs at a time", BAD_REQUEST: "a host of another cluster is none of this one" } }),
  "admin.automation.changeUpdate": entry("staff:admin", async (world) => ({ ...(await freshUpdate(world)), to: "abort" }), { ids: { updateId: "upd" } }),
  "admin.automation.incidents": entry("staff:auditor", (world) => ({ clusterId: world.clusterId, hostId: world.hostIds[0], limit: 10 }), { ids: { clusterId: "cls", hostId: "hst" } }),
  "admin.automation.incident": entry("staff:auditor", freshIncident, { ids: { incidentId: "inc" } }),

  "admin.hosts.list": entry("staff:auditor", (world) => ({ clusterId: world.clusterId }), { ids: { clusterId: "cls" } }),
  "admin.hosts.get": entry("staff:auditor", (world) => ({ hostId: world.hostIds[0] }), host),
  "admin.hosts.preflight": entry("staff:admin", newHost, { ids: { clusterId: "cls" } }),
  "admin.hosts.enroll": entry("staff:admin", newHost, { ids: { clusterId: "cls" } }),
  "admin.hosts.cordon": entry("staff:admin", freshHost, host),
  "admin.hosts.uncordon": entry("staff:admin", freshHost, host),
  "admin.hosts.previewDrain": entry("staff:auditor", (world) => ({ hostId: world.hostIds[0] }), host),
  "admin.hosts.drain": entry("staff:admin", freshHost, host),
  "admin.hosts.cancelDrain": entry("staff:admin", freshHost, { ...host, mayRefuse: { CONFLICT: "a fresh host is not being drained" } }),
  "admin.hosts.enterMaintenance": entry("staff:admin", freshHost, host),
  "admin.hosts.returnToService": entry("staff:admin", freshHost, { ...host, mayRefuse: { CONFLICT: "a fresh host is in service" } }),
  "admin.hosts.vouchDead": entry("staff:admin", async (world) => ({ ...(await freshHost(world)), statement: "I pulled the plug" }), { ...host, mayRefuse: { CONFLICT: "a fresh host is alive" } }),
  "admin.hosts.fence": entry("staff:admin", freshHost, { ...host, mayRefuse: { CONFLICT: "a fresh host is not isolated" } }),
  "admin.hosts.story": entry("staff:auditor", (world) => ({ hostId: world.hostIds[0] }), host),
  "admin.hosts.setPower": entry("staff:admin", async (world) => ({ ...(await freshHost(world)), keepAwake: true, powerCurve: { watts: [60, 70, 80, 90, 100, 110, 120, 130, 140, 150, 160], asleepWatts: 6 }, linkMbps: 10_000 }), host),
  "admin.hosts.setSecondPower": entry("staff:admin", async (world) => ({ ...(await freshHost(world)), second: { role: "outlet", device: { kind: "simulated", hostName: "any", outlet: "pdu-1/4" } } }), host),
  "admin.hosts.testSecondPower": entry("staff:admin", freshHost, { ...host, mayRefuse: { CONFLICT: "a fresh host has no second device" } }),
  "admin.hosts.wake": entry("staff:admin", freshHost, { ...host, mayRefuse: { CONFLICT: "a fresh host does not sleep" } }),
  "admin.hosts.retire": entry("staff:admin", freshHost, { ...host, mayRefuse: { CONFLICT: "a host must be empty and in maintenance first" } }),

  "admin.decisions.list": entry("staff:auditor", (world) => ({ hostId: world.hostIds[0] }), host),
  "admin.decisions.get": entry("staff:auditor", (world) => ({ decisionId: world.decisionId }), { ids: { decisionId: "dec" } }),
  "admin.loops.list": entry("staff:auditor"),
};
