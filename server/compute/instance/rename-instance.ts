import type { Context } from "@/server/platform/context";
import { changeInstance } from "./change-instance";
import { renameInstanceInput, type RenameInstanceInput } from "./schema";
import type { InstanceSummary } from "./types";

/** Gives another name. The guest keeps its own host name until it is rebuilt. */
export async function renameInstance(context: Context, input: RenameInstanceInput): Promise<InstanceSummary> {
  const { instanceId, name } = renameInstanceInput.parse(input);
  return changeInstance(context, instanceId, "rename", (row) =>
    row.name === name ? null : { set: { name }, event: "renamed", detail: { from: row.name, to: name }, before: { name: row.name }, after: { name } },
  );
}
