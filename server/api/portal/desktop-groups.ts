import { addToGroup, createGroup, deleteGroup, importPeople, listGroupMembers, listGroups, removeFromGroup } from "@/server/desktop";
import { createGroupInput, groupMembersInput, groupRef, importPeopleInput } from "@/server/desktop/schema";
import { memberProcedure, router } from "../trpc";

const operator = memberProcedure("operator");
const admin = memberProcedure("admin");

/** Groups of people that are given desktops together. */
export const desktopGroupsRouter = router({
  list: operator.query(async ({ ctx }) => ({ items: await listGroups(ctx.context) })),
  members: operator.input(groupRef).query(async ({ ctx, input }) => ({ items: await listGroupMembers(ctx.context, input) })),
  create: admin.input(createGroupInput).mutation(async ({ ctx, input }) => ({ id: (await createGroup(ctx.context, input)).id })),
  delete: admin.input(groupRef).mutation(({ ctx, input }) => deleteGroup(ctx.context, input)),
  addMembers: admin.input(groupMembersInput).mutation(({ ctx, input }) => addToGroup(ctx.context, input)),
  removeMembers: admin.input(groupMembersInput).mutation(({ ctx, input }) => removeFromGroup(ctx.context, input)),
  /** A list of people (CSV) into a group, or into a pool; says what came of each line. */
  import: admin.input(importPeopleInput).mutation(({ ctx, input }) => importPeople(ctx.context, input)),
});
