import type Stripe from "stripe";
import type { Meter, MeterEvent } from "../objects";
import { branch, invalid, needText, optionalText, StripeProblem, wholeNumber } from "../problem";
import { need, type Vault } from "../vault";
import { LIST_PARAMS, listPage, paramsOf, type Route } from "./route";

const HOUR = 3_600;
const DAY = 86_400;
/** Documented: identifiers are unique in a rolling 24 hours, events may be 35 days old and 5 minutes early, and can be cancelled for 24 hours. */
export const IDENTIFIER_SECONDS = DAY;
export const OLDEST_EVENT_SECONDS = 35 * DAY;
const EARLIEST_SECONDS = 300;
const CANCEL_SECONDS = DAY;

const meterNamed = (vault: Vault, name: string): Meter => {
  const meter = Object.values(vault.state.meters).find((candidate) => candidate.event_name === name && candidate.status === "active");
  if (!meter) throw new StripeProblem(404, "invalid_request_error", "resource_missing", `No active meter found with event_name: ${name}`, { param: "event_name" });
  return meter;
};

/** What a meter counts of a customer in one hour: of a pre-aggregated one the latest event, of any other the sum. */
export function meteredHour(vault: Vault, meter: Meter, customer: string, start: number): number {
  const events = vault.state.meterEvents.filter((event) => event.event_name === meter.event_name && event.customer === customer && !event.cancelled && event.timestamp >= start && event.timestamp < start + HOUR);
  if (meter.event_time_window === "hour") return events.toSorted((a, b) => a.sequence - b.sequence).at(-1)?.value ?? 0;
  return events.reduce((sum, event) => sum + event.value, 0);
}

export const meterRoutes: readonly Route[] = [
  {
    method: "POST", path: "/v1/billing/meters", params: paramsOf<Stripe.Billing.MeterCreateParams>("display_name", "event_name", "default_aggregation", "event_time_window", "customer_mapping", "value_settings", "expand"),
    handle: ({ vault, form, cause }) => {
      const event_name = needText(form, "event_name");
      if (Object.values(vault.state.meters).some((meter) => meter.event_name === event_name && meter.status === "active")) throw new StripeProblem(400, "invalid_request_error", "resource_already_exists", `An active meter with the event name ${event_name} exists already.`, { param: "event_name" });
      const meter: Meter = {
        id: vault.mint("mtr_test"), object: "billing.meter", created: vault.now(), display_name: needText(form, "display_name"), event_name, livemode: false, status: "active", event_time_window: optionalText(form, "event_time_window"),
        default_aggregation: { formula: needText(branch(form, "default_aggregation"), "formula") }, customer_mapping: { event_payload_key: optionalText(branch(form, "customer_mapping"), "event_payload_key") ?? "stripe_customer_id", type: "by_id" }, value_settings: { event_payload_key: optionalText(branch(form, "value_settings"), "event_payload_key") ?? "value" },
      };
      vault.state.meters[meter.id] = meter;
      vault.emit("billing.meter.created", meter, cause);
      return meter;
    },
  },
  { method: "GET", path: "/v1/billing/meters", params: [...LIST_PARAMS, "status"], handle: (call) => listPage(call, "/v1/billing/meters", Object.values(call.vault.state.meters)) },
  {
    method: "POST", path: "/v1/billing/meter_events", params: paramsOf<Stripe.Billing.MeterEventCreateParams>("event_name", "identifier", "payload", "timestamp", "expand"),
    handle: ({ vault, form }) => {
      const meter = meterNamed(vault, needText(form, "event_name"));
      const payload = branch(form, "payload");
      const customer = needText(payload, meter.customer_mapping.event_payload_key);
      need(vault.state.customers, "customer", customer);
      const value = wholeNumber(payload[meter.value_settings.event_payload_key], "payload[value]");
      const now = vault.now(customer);
      const timestamp = form["timestamp"] === undefined ? now : wholeNumber(form["timestamp"], "timestamp");
      if (timestamp < now - OLDEST_EVENT_SECONDS) throw invalid("The timestamp is too far in the past; it must be within the past 35 days.", "timestamp", "timestamp_too_far_in_past");
      if (timestamp > now + EARLIEST_SECONDS) throw invalid("The timestamp is in the future.", "timestamp", "timestamp_in_future");
      const identifier = optionalText(form, "identifier") ?? vault.mint("idmp");
      if (identifier.length > 100) throw invalid("An identifier has up to 100 characters.", "identifier");
      if (vault.state.meterEvents.some((event) => event.identifier === identifier && event.event_name === meter.event_name && event.created > now - IDENTIFIER_SECONDS)) {
        throw new StripeProblem(400, "invalid_request_error", "resource_already_exists", `An event already exists with identifier ${identifier}.`, { param: "identifier" });
      }
      const event: MeterEvent = { event_name: meter.event_name, identifier, customer, value, timestamp, created: now, sequence: ++vault.state.sequence, cancelled: false };
      vault.state.meterEvents.push(event);
      return { object: "billing.meter_event", created: now, event_name: meter.event_name, identifier, livemode: false, payload, timestamp };
    },
  },
  {
    method: "POST", path: "/v1/billing/meter_event_adjustments", params: paramsOf<Stripe.Billing.MeterEventAdjustmentCreateParams>("event_name", "type", "cancel", "expand"),
    handle: ({ vault, form }) => {
      const event_name = needText(form, "event_name");
      const identifier = needText(branch(form, "cancel"), "identifier");
      const event = vault.state.meterEvents.findLast((candidate) => candidate.identifier === identifier && candidate.event_name === event_name && !candidate.cancelled);
      if (!event) throw new StripeProblem(400, "invalid_request_error", "resource_missing", `No event with identifier ${identifier} can be cancelled.`, { param: "cancel[identifier]" });
      if (event.created <= vault.now(event.customer) - CANCEL_SECONDS) throw invalid("An event can be cancelled within 24 hours of its receipt.", "cancel[identifier]");
      event.cancelled = true;
      return { object: "billing.meter_event_adjustment", cancel: { identifier }, event_name, livemode: false, status: "complete", type: "cancel" };
    },
  },
  {
    method: "GET", path: "/v1/billing/meters/:id/event_summaries", params: [...LIST_PARAMS, "customer", "start_time", "end_time", "value_grouping_window"],
    handle: (call) => {
      const meter = need(call.vault.state.meters, "billing.meter", call.path["id"] ?? "");
      const customer = needText(call.form, "customer");
      const start = wholeNumber(call.form["start_time"], "start_time");
      const end = wholeNumber(call.form["end_time"], "end_time");
      if (start % HOUR !== 0 || end % HOUR !== 0) throw invalid("The times must be aligned to the hour.", "start_time");
      const rows = [];
      for (let at = start; at < end; at += HOUR) rows.push({ id: `mtrusg_${at}`, object: "billing.meter_event_summary", aggregated_value: meteredHour(call.vault, meter, customer, at), start_time: at, end_time: at + HOUR, livemode: false, meter: meter.id });
      return listPage(call, `/v1/billing/meters/${meter.id}/event_summaries`, rows.filter((row) => row.aggregated_value !== 0));
    },
  },
];
