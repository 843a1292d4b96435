import type { Transaction } from "@/server/platform/transaction";
import { readOrganization } from "@/server/tenancy";
import { readInvoiceIn, type InvoiceView } from "../invoice";
import { selectBillingEmails } from "../profile";
import { selectHour, selectPayingState } from "./store";
import type { PushRow } from "./types";

/** Our invoice with what the provider has of it already. */
export async function readInvoiceForPush(tx: Transaction, invoiceId: string): Promise<{ readonly view: InvoiceView; readonly remoteId: string | null; readonly hasDefaultMethod: boolean }> {
  const view = await readInvoiceIn(tx, invoiceId);
  return { view, ...(await selectPayingState(tx, view.invoice.organizationId, invoiceId)) };
}

/** How the organization is called at the provider. */
export async function readOrganizationForPush(tx: Transaction, organizationId: string): Promise<{ readonly name: string; readonly email: string | null }> {
  const { name } = await readOrganization(tx, organizationId);
  const [email] = await selectBillingEmails(tx, organizationId);
  return { name, email: email ?? null };
}

export interface HourForPush {
  readonly eventName: string;
  readonly displayName: string;
  readonly hour: Date;
  readonly value: number;
  readonly identifier: string;
}

/** The newest value of an hour; what the wish said may be older. */
export async function readHourForPush(tx: Transaction, push: PushRow): Promise<HourForPush> {
  const { meter, hour } = push.payload;
  if (typeof meter !== "string" || typeof hour !== "string") throw new Error(`The wish ${push.id} names no meter and hour.`);
  const at = new Date(hour);
  const { value, revision } = await selectHour(tx, push.organizationId, meter, at);
  return { eventName: `berth_${meter.replaceAll("-", "_")}_seconds`, displayName: `${meter}, unit-seconds`, hour: at, value, identifier: `${push.organizationId}:${meter}:${at.getTime() / 3_600_000}:${revision}` };
}
