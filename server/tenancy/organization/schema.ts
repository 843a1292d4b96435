import { z } from "zod";
import { currency, emailAddress, idText, lineOfText, newSlug, standing, timeZone } from "../schema";

export const updateOrganizationInput = z.object({ name: lineOfText(100).optional(), timeZone: timeZone.optional() });
export type UpdateOrganizationInput = z.output<typeof updateOrganizationInput>;

export const createOrganizationInput = z.object({ name: lineOfText(100), slug: newSlug, currency, timeZone: timeZone.default("Asia/Tokyo") });
export type CreateOrganizationInput = z.output<typeof createOrganizationInput>;

/** What the operator's form sends: the organization, and who gets the first invitation. */
export const createOrganizationForm = createOrganizationInput.extend({ ownerEmail: emailAddress });

export const setStandingInput = z.object({ organizationId: idText, standing, reason: lineOfText(500) });
export type SetStandingInput = z.output<typeof setStandingInput>;

export const listOrganizationsInput = z.object({
  /** The name and id of the last organization of the page before. */
  cursor: z.string().max(300).optional(),
  limit: z.number().int().min(1).max(100).default(50),
  search: z.string().trim().max(100).optional(),
  standing: standing.optional(),
});
export type ListOrganizationsInput = z.output<typeof listOrganizationsInput>;
