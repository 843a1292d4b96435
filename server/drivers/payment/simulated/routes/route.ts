import type { Form } from "../form";
import { branch, listOf, wholeNumber, StripeProblem } from "../problem";
import type { Cause, Vault } from "../vault";

export interface Call {
  readonly vault: Vault;
  /** Of the query for GET and DELETE, of the body for POST. */
  readonly form: Form;
  /** The parts of the path that stand for ids. */
  readonly path: Readonly<Record<string, string>>;
  readonly cause: Cause;
}

export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  /** `/v1/customers/:id` */
  readonly path: string;
  /** Parameters that the endpoint takes; any other is refused, as Stripe does. */
  readonly params: readonly string[];
  handle(call: Call): unknown;
}

/** Parameters of every list. */
export const LIST_PARAMS = ["limit", "starting_after", "ending_before", "created", "expand"] as const;

/** Checks at compile time that the names of an endpoint's parameters are the SDK's. */
export const paramsOf = <T>(...names: readonly (keyof T & string)[]): readonly string[] => names;

interface Listed {
  readonly id: string;
  readonly created?: number;
}

/** A page of a list, newest first, with Stripe's cursors and bounds. */
export function listPage<T extends Listed>(call: Call, url: string, all: readonly T[]): unknown {
  const { form } = call;
  const limit = form["limit"] === undefined ? 10 : wholeNumber(form["limit"], "limit");
  if (limit < 1 || limit > 100) throw new StripeProblem(400, "invalid_request_error", "parameter_invalid_integer", "This value must be between 1 and 100.", { param: "limit" });
  const created = branch(form, "created");
  const bound = (name: string): number | null => (created[name] === undefined ? null : wholeNumber(created[name], `created[${name}]`));
  const [gte, gt, lte, lt] = [bound("gte"), bound("gt"), bound("lte"), bound("lt")];
  const within = all.filter(({ created: at = 0 }) => (gte === null || at >= gte) && (gt === null || at > gt) && (lte === null || at <= lte) && (lt === null || at < lt)).toReversed();
  const after = form["starting_after"];
  const start = typeof after === "string" ? within.findIndex((item) => item.id === after) + 1 : 0;
  const data = within.slice(start, start + limit);
  return { object: "list", url, has_more: start + limit < within.length, data };
}

/** True when the caller asked for a field that is left out otherwise. */
export function expands(form: Form, field: string): boolean {
  return listOf(form, "expand").some((name) => name === field || name === `data.${field}`);
}
