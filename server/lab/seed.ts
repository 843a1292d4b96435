import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { createQuota, type Claim } from "@/server/quota";
import { addMember, createOrganization, ensureUser, findOrganization, type Organization } from "@/server/tenancy";

export interface SeedOptions {
  /** Of the two organizations' owners. */
  readonly tenantPassword: string;
  readonly operatorPassword: string;
}

export interface Seeded {
  readonly acme: Organization;
  readonly globex: Organization;
}

/**
 * Room for the whole story and for a look around; one vCPU less than the largest size, so that an order beyond the
 * quota can be shown. Units: pieces, vCPUs, MiB, GiB, pieces, pieces.
 */
const LIMITS: Claim = { instances: 40, vcpus: 15, memoryMiB: 20_480, storageGiB: 200, publicAddresses: 4, snapshots: 10 };

const ORGANIZATIONS = [
  { slug: "acme", name: "Acme", currency: "JPY", timeZone: "Asia/Tokyo", owner: { email: "owner@acme.test", name: "Aoi Tanaka" } },
  { slug: "globex", name: "Globex", currency: "USD", timeZone: "America/New_York", owner: { email: "owner@globex.test", name: "Grace Hall" } },
] as const;
const OPERATOR = { email: "operator@berth.test", name: "Olga Petrova" } as const;

/**
 * The people and organizations of the demo, made by the same verbs as real ones. What is there already stays as it is,
 * passwords included. Works over the owner's, the worker's and the web's connection.
 */
export async function seedDemo(context: Context, options: SeedOptions): Promise<Seeded> {
  const identity: Context = { ...context, scope: "identity", organizationId: null };
  const provider: Context = { ...context, scope: "provider", organizationId: null };
  await ensureUser(identity, { ...OPERATOR, password: options.operatorPassword, timeZone: "Asia/Tokyo", operatorRole: "admin" });
  const made = new Map<string, Organization>();
  for (const { owner, ...fields } of ORGANIZATIONS) {
    const person = await ensureUser(identity, { ...owner, password: options.tenantPassword, timeZone: fields.timeZone });
    const organization = (await findOrganization(provider, fields.slug)) ?? (await addOrganization(provider, fields));
    await inTransaction(provider, (tx) => addMember(tx, provider, { organizationId: organization.id, userId: person.id, role: "owner" }));
    made.set(fields.slug, organization);
  }
  const [acme, globex] = [made.get("acme"), made.get("globex")];
  if (!acme || !globex) throw new Error("The seed made no organization; its list of organizations was changed.");
  return { acme, globex };
}

async function addOrganization(provider: Context, fields: Omit<(typeof ORGANIZATIONS)[number], "owner">): Promise<Organization> {
  return inTransaction(provider, async (tx) => {
    const organization = await createOrganization(tx, provider, fields);
    await createQuota(tx, provider, { organizationId: organization.id, limits: LIMITS });
    return organization;
  });
}
