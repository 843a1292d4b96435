import type { Clock } from "@/server/platform/clock";
import type { Random } from "@/server/platform/random";
import type { CheckoutSession, Charge, CreditNote, Customer, Dispute, Invoice, InvoiceItem, Meter, MeterEvent, PaymentIntent, PaymentMethod, PortalSession, Refund, SetupIntent, StoredEvent, Subscription, TaxId, TestClock } from "./objects";
import { missing } from "./problem";

/** The version that the SDK pins; events carry the version of the account. */
export const API_VERSION = "2026-10-28.endive";

/** Everything that a simulated account holds; plain data, so that it can be written to a file. */
export interface VaultState {
  customers: Record<string, Customer>;
  deletedCustomers: Record<string, true>;
  paymentMethods: Record<string, PaymentMethod>;
  invoices: Record<string, Invoice>;
  invoiceItems: Record<string, InvoiceItem>;
  paymentIntents: Record<string, PaymentIntent>;
  charges: Record<string, Charge>;
  creditNotes: Record<string, CreditNote>;
  refunds: Record<string, Refund>;
  disputes: Record<string, Dispute>;
  taxIds: Record<string, TaxId>;
  sessions: Record<string, CheckoutSession>;
  setupIntents: Record<string, SetupIntent>;
  portals: Record<string, PortalSession>;
  meters: Record<string, Meter>;
  meterEvents: MeterEvent[];
  subscriptions: Record<string, Subscription>;
  testClocks: Record<string, TestClock>;
  events: StoredEvent[];
  sequence: number;
}

function emptyState(): VaultState {
  return {
    customers: {}, deletedCustomers: {}, paymentMethods: {}, invoices: {}, invoiceItems: {}, paymentIntents: {}, charges: {}, creditNotes: {}, refunds: {}, disputes: {}, taxIds: {},
    sessions: {}, setupIntents: {}, portals: {}, meters: {}, meterEvents: [], subscriptions: {}, testClocks: {}, events: [], sequence: 0,
  };
}

/** Which request caused a change; its ids stand in the events. */
export interface Cause {
  readonly requestId: string | null;
  readonly idempotencyKey: string | null;
}
export const NOBODY: Cause = { requestId: null, idempotencyKey: null };

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** The account: objects, ids, time, and the events that every change leaves. */
export class Vault {
  state: VaultState;
  private readonly listeners: ((event: StoredEvent) => void)[] = [];
  /** Where a person's browser finds the hosted pages; set when the server listens. */
  pageOrigin = "http://127.0.0.1";

  constructor(
    readonly clock: Clock,
    private readonly random: Random,
    state?: VaultState,
  ) {
    this.state = { ...emptyState(), ...state };
  }

  /** Seconds since 1970; of a customer on a test clock, that clock's. */
  now(customerId?: string | null): number {
    const clockId = customerId ? this.state.customers[customerId]?.test_clock : null;
    const frozen = clockId ? this.state.testClocks[clockId]?.frozen_time : undefined;
    return frozen ?? Math.floor(this.clock.nowMs() / 1000);
  }

  /** A new id in Stripe's form; the sequence keeps creation order among equals. */
  mint(prefix: string): string {
    this.state.sequence += 1;
    const body = [...this.random.bytes(16)].map((byte) => ALPHABET.charAt(byte % ALPHABET.length)).join("");
    return `${prefix}_${body}`;
  }

  onEvent(listener: (event: StoredEvent) => void): void {
    this.listeners.push(listener);
  }

  /** Notes what happened, with the object as it is now. */
  emit(type: string, object: unknown, cause: Cause = NOBODY): StoredEvent {
    const event: StoredEvent = {
      id: this.mint("evt"), object: "event", api_version: API_VERSION, created: this.now(), livemode: false, pending_webhooks: 1, type,
      request: { id: cause.requestId, idempotency_key: cause.idempotencyKey },
      data: { object: structuredClone(object) },
    };
    this.state.events.push(event);
    for (const listener of this.listeners) listener(event);
    return event;
  }
}

/** The object of that id, or Stripe's 404. */
export function need<T>(record: Readonly<Record<string, T>>, kind: string, id: string): T {
  const found = record[id];
  if (found === undefined) throw missing(kind, id);
  return found;
}
