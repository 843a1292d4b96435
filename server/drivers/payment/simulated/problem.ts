import type { Form, FormValue } from "./form";

export type ProblemType = "invalid_request_error" | "card_error" | "idempotency_error" | "api_error" | "rate_limit_error" | "authentication_error";

/** A refusal in Stripe's own form: status, type, code, the parameter that is wrong. */
export class StripeProblem extends Error {
  override readonly name = "StripeProblem";
  constructor(
    readonly status: number,
    readonly type: ProblemType,
    readonly code: string | null,
    message: string,
    readonly rest: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }

  body(): string {
    return JSON.stringify({ error: { type: this.type, ...(this.code ? { code: this.code } : {}), message: this.message, ...this.rest } });
  }
}

export function missing(kind: string, id: string): StripeProblem {
  return new StripeProblem(404, "invalid_request_error", "resource_missing", `No such ${kind}: '${id}'`, { param: "id" });
}

export function invalid(message: string, param: string, code = "parameter_invalid"): StripeProblem {
  return new StripeProblem(400, "invalid_request_error", code, message, { param });
}

/** A text that must be there. */
export function needText(form: Form, name: string): string {
  const value = form[name];
  if (typeof value !== "string" || value === "") throw new StripeProblem(400, "invalid_request_error", "parameter_missing", `Missing required param: ${name}.`, { param: name });
  return value;
}

export function optionalText(form: Form, name: string): string | null {
  const value = form[name];
  return typeof value === "string" && value !== "" ? value : null;
}

/** A whole number; Stripe takes no fractions of its smallest unit. */
export function wholeNumber(text: FormValue | undefined, name: string): number {
  if (typeof text !== "string" || !/^-?\d+$/.test(text)) throw invalid(`Invalid integer: ${typeof text === "string" ? text : typeof text}`, name, "parameter_invalid_integer");
  return Number(text);
}

export function isTrue(form: Form, name: string, otherwise = false): boolean {
  const value = form[name];
  return value === undefined ? otherwise : value === "true";
}

export function branch(form: Form, name: string): Form {
  const value = form[name];
  return typeof value === "object" && !Array.isArray(value) ? (value as Form) : {};
}

export function listOf(form: Form, name: string): readonly FormValue[] {
  const value = form[name];
  return Array.isArray(value) ? (value as readonly FormValue[]) : [];
}

/** Keys of at most 40 and values of at most 500 characters, 50 of them: Stripe's documented limits. */
export function readMetadata(form: Form): Record<string, string> {
  const entries = Object.entries(branch(form, "metadata"));
  if (entries.length > 50) throw invalid("Metadata may have up to 50 keys.", "metadata");
  return Object.fromEntries(
    entries.map(([key, value]) => {
      if (typeof value !== "string" || key.length > 40 || value.length > 500) throw invalid(`Metadata values can have up to 500 characters, keys up to 40: ${key}`, `metadata[${key}]`);
      return [key, value];
    }),
  );
}
