import { z } from "zod";
import { idText, memberRole } from "../schema";

export const listMembersInput = z.object({
  /** The user id of the last member of the page before. */
  cursor: idText.optional(),
  limit: z.number().int().min(1).max(100).default(50),
  search: z.string().trim().max(100).optional(),
});
export type ListMembersInput = z.output<typeof listMembersInput>;

export const changeRoleInput = z.object({ userId: idText, role: memberRole });
export type ChangeRoleInput = z.output<typeof changeRoleInput>;

export const removeMemberInput = z.object({ userId: idText });
export type RemoveMemberInput = z.output<typeof removeMemberInput>;
