import type { EventRow, EventTarget } from "./types";

function objectOf(event: Pick<EventRow, "payload">): Readonly<Record<string, unknown>> {
  const data = event.payload["data"];
  const object = typeof data === "object" && data !== null ? (data as Record<string, unknown>)["object"] : null;
  return typeof object === "object" && object !== null ? (object as Record<string, unknown>) : {};
}

function previousOf(event: Pick<EventRow, "payload">): Readonly<Record<string, unknown>> {
  const data = event.payload["data"];
  const previous = typeof data === "object" && data !== null ? (data as Record<string, unknown>)["previous_attributes"] : null;
  return typeof previous === "object" && previous !== null ? (previous as Record<string, unknown>) : {};
}

/** An id that stands alone or in an expanded object. */
function idIn(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (typeof value === "object" && value !== null && "id" in value && typeof value.id === "string") return value.id;
  return null;
}

const target = (kind: EventTarget["kind"], id: string | null): EventTarget | null => (id === null ? null : { kind, id });

/** Which object an event is about. Null: a kind that nothing is made of; it is kept all the same. */
export function targetOf(event: Pick<EventRow, "type" | "objectId" | "payload">): EventTarget | null {
  const { type, objectId } = event;
  const object = objectOf(event);
  const starts = (...prefixes: readonly string[]): boolean => prefixes.some((prefix) => type.startsWith(prefix));
  if (starts("invoice_payment.")) return target("invoice", idIn(object["invoice"]));
  if (starts("invoice.")) return target("invoice", objectId);
  if (starts("credit_note.")) return target("invoice", idIn(object["invoice"]));
  if (starts("charge.dispute.")) return target("dispute", objectId);
  if (starts("refund.", "charge.refund.")) return target("refund", objectId);
  // Its object is the charge, whichever refund it was; all of them are read.
  if (type === "charge.refunded") return target("charge", objectId);
  if (starts("charge.")) return target("payment", idIn(object["payment_intent"]));
  if (starts("payment_intent.")) return target("payment", objectId);
  if (starts("checkout.session.")) return target("link", objectId);
  if (starts("customer.tax_id.", "customer.source.")) return target("customer", idIn(object["customer"]));
  if (type === "customer.created" || type === "customer.updated" || type === "customer.deleted") return target("customer", objectId);
  if (starts("payment_method.")) return target("customer", idIn(object["customer"]) ?? idIn(previousOf(event)["customer"]));
  return null;
}
