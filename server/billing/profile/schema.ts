import { z } from "zod";
import { isRegistrationNumber, taxIdProblem } from "./rules";

const country = z.string().regex(/^[A-Z]{2}$/, { error: "is two capital letters, such as JP" });
const line = z.string().trim().min(1).max(200);
const address = z.string().trim().max(500);

export const setBillingProfileInput = z
  .object({ legalName: line, address: address.default(""), country, billingEmail: z.email().max(254).nullable().default(null), taxId: z.string().trim().max(40).nullable().default(null) })
  .superRefine((profile, check) => {
    const problem = profile.taxId === null ? null : taxIdProblem(profile.country, profile.taxId);
    if (problem !== null) check.addIssue({ code: "custom", path: ["taxId"], message: `is not valid: ${problem}` });
  });
export type SetBillingProfileInput = z.input<typeof setBillingProfileInput>;

const prefix = z.string().regex(/^[A-Z0-9-]{1,12}$/, { error: "is 1 to 12 capital letters, digits and dashes" });

export const setIssuerInput = z.object({
  legalName: line,
  address,
  country,
  registrationNumber: z.string().refine(isRegistrationNumber, { error: "is not a registration number: T and 13 digits with a check digit that fits" }).nullable(),
  numberPrefix: prefix,
  creditNotePrefix: prefix,
  paymentTermDays: z.number().int().min(0).max(365),
  /** Where money can be sent by hand; stands on invoices from now on. */
  bankText: z.string().trim().max(500).default(""),
});
export type SetIssuerInput = z.input<typeof setIssuerInput>;
