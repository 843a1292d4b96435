import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { requireOrganization } from "../rules";
import { versionRef, type VersionRef } from "../schema";
import type { GoldenVersionRow } from "../types";
import { countUsers, lockVersion, updateVersion } from "./store";

/** Lets pools be made of a version, or be rolled out to it. Only one whose check has passed. Published already: nothing changes. */
export async function publishVersion(context: Context, input: VersionRef): Promise<GoldenVersionRow> {
  return change(context, input, "published", (version) => {
    if (version.state === "published") return null;
    if (version.state === "checked" || version.state === "retired") return { state: "published", publishedAt: version.publishedAt ?? context.clock.now() };
    throw new Problem("conflict", sentence(version.state === "checking" ? "refused-publish-checking" : "refused-publish-failed", { version: version.number }), { versionId: version.id, state: version.state });
  });
}

/** Nothing new is made of a version any more. Refused while a pool or a desktop stands on it. */
export async function retireVersion(context: Context, input: VersionRef): Promise<GoldenVersionRow> {
  return change(context, input, "retired", async (version, users) => {
    if (version.state === "retired") return null;
    const { pools, desktops } = await users();
    if (pools + desktops > 0) {
      throw new Problem("conflict", sentence("refused-version-used", { version: version.number, pools, desktops }), { versionId: version.id, pools, desktops });
    }
    return { state: "retired" };
  });
}

async function change(
  context: Context,
  input: VersionRef,
  event: string,
  decide: (version: GoldenVersionRow, users: () => ReturnType<typeof countUsers>) => Promise<Partial<GoldenVersionRow> | null> | Partial<GoldenVersionRow> | null,
): Promise<GoldenVersionRow> {
  const { versionId } = versionRef.parse(input);
  const organizationId = requireOrganization(context);
  return inTransaction(context, async (tx) => {
    const version = await lockVersion(tx, organizationId, versionId);
    if (!version) throw notFound("golden image version", versionId);
    const set = await decide(version, () => countUsers(tx, versionId));
    if (set === null) return version;
    await updateVersion(tx, versionId, set);
    await recordAudit(tx, context, { action: `golden-image.version-${event}`, targetKind: "golden-image", targetId: version.goldenImageId, before: { state: version.state }, after: { number: version.number } });
    await announce(tx, { organizationId, topic: "desktop", id: versionId });
    return { ...version, ...set };
  });
}
