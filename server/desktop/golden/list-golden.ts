import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { requireOrganization } from "../rules";
import { selectGolden, selectScreenshot } from "./store";

export type GoldenVersionView = Awaited<ReturnType<typeof selectGolden>>[number];

/** Every version of every golden image of the organization, by name, newest first. */
export async function listGolden(context: Context): Promise<GoldenVersionView[]> {
  const organizationId = requireOrganization(context);
  return inTransaction(context, (tx) => selectGolden(tx, organizationId), { readOnly: true });
}

/** The screen that its check saw, PNG in base64. */
export async function readCheckScreenshot(context: Context, input: { readonly versionId: string }): Promise<{ readonly png: string }> {
  const organizationId = requireOrganization(context);
  const png = await inTransaction(context, (tx) => selectScreenshot(tx, organizationId, input.versionId), { readOnly: true });
  if (png === null) throw notFound("screenshot of the version", input.versionId);
  return { png };
}
