import { z } from "zod";

const word = z.string().min(1).max(100);

/** Query of the trail. The cursor is the number of the last entry seen. */
export const auditListInput = z.object({
  cursor: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
  limit: z.number().int().min(1).max(100).default(50),
  action: word.optional(),
  actorId: word.optional(),
  targetId: word.optional(),
  /** Staff only: an organization's id, or `provider`. */
  chain: word.optional(),
});
export type AuditListInput = z.output<typeof auditListInput>;
