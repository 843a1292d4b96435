import { addSshKey, listSshKeys, removeSshKey } from "@/server/compute";
import { addSshKeyInput, sshKeyRef } from "@/server/compute/ssh-key/schema";
import { memberProcedure, router } from "../trpc";

export const sshKeysRouter = router({
  list: memberProcedure("viewer").query(({ ctx }) => listSshKeys(ctx.context)),
  add: memberProcedure("operator").input(addSshKeyInput).mutation(({ ctx, input }) => addSshKey(ctx.context, input)),
  remove: memberProcedure("operator").input(sshKeyRef).mutation(({ ctx, input }) => removeSshKey(ctx.context, input)),
});
