import type { Context } from "@/server/platform/context";
import { textOf, wordsOf, type Said, type Sentence } from "@/server/platform/sentences";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { allocationsOn } from "../allocation/store";
import { raiseGeneration } from "../cluster/store";
import { lockHost, writeHost } from "../host/store";
import { openMigrationsTouching } from "../migration/store";
import type { HostUpdateHostRow, HostUpdateRow } from "../types";
import { lockUpdate, updateHostOf, writeUpdate, writeUpdateHost } from "./store";

type Step =
  | { readonly to: "draining" }
  | { readonly to: "updating" }
  | { readonly to: "returning"; readonly output: string }
  | { readonly to: "done" }
  | { readonly to: "failed"; readonly reason: Sentence; readonly output: string };

/** What a host of an update must be for each step: whoever asks may have read it a while ago. */
const FROM: Readonly<Record<Step["to"], readonly HostUpdateHostRow["state"][]>> = {
  draining: ["waiting"],
  updating: ["draining"],
  returning: ["updating"],
  done: ["returning"],
  failed: ["updating", "returning"],
};

/** One host's next step in a rolling update, with what it means for the host itself. False when it is not so far, or no more. */
export function advanceHost(context: Context, update: Pick<HostUpdateRow, "id" | "clusterId" | "name">, hostId: string, step: Step): Promise<boolean> {
  return inTransaction(context, async (tx) => {
    const row = await lockUpdate(tx, update.id);
    const host = await lockHost(tx, hostId);
    if (!row || !host || row.state === "aborted") return false;
    const one = await updateHostOf(tx, row.id, hostId);
    if (!one || !FROM[step.to].includes(one.state)) return false;
    const now = context.clock.now();
    switch (step.to) {
      case "draining":
        if (host.state !== "up" || host.drainRequestedAt) return false;
        await writeHost(tx, hostId, { cordoned: true, drainRequestedAt: now, drainRequestedBy: update.id });
        await note(tx, context, row, hostId, { state: "draining", startedAt: now, reason: "", reasonWords: null });
        await wake(tx, "evacuate-hosts");
        break;
      case "updating":
        if ((await allocationsOn(tx, hostId)).length > 0 || (await openMigrationsTouching(tx, hostId)).length > 0) return false;
        await writeHost(tx, hostId, { maintenance: true, cordoned: true, drainRequestedAt: null, drainRequestedBy: null });
        await note(tx, context, row, hostId, { state: "updating", stepStartedAt: now });
        break;
      case "returning":
        await note(tx, context, row, hostId, { state: "returning", output: step.output });
        break;
      case "done":
        await writeHost(tx, hostId, { maintenance: false, cordoned: false });
        await note(tx, context, row, hostId, { state: "done", finishedAt: now });
        await wake(tx, "place-instances");
        break;
      case "failed":
        await note(tx, context, row, hostId, { state: "failed", reason: step.reason.text, reasonWords: step.reason.words, output: step.output, finishedAt: now });
        await writeUpdate(tx, row.id, { state: "paused", reason: step.reason.text, reasonWords: step.reason.words });
        break;
    }
    await raiseGeneration(tx, host.clusterId);
    await announce(tx, { organizationId: null, topic: "host", id: hostId });
    await wake(tx, "update-hosts");
    return true;
  });
}

async function note(tx: Transaction, context: Context, update: HostUpdateRow, hostId: string, change: Partial<HostUpdateHostRow>): Promise<void> {
  await writeUpdateHost(tx, update.id, hostId, change);
  await announce(tx, { organizationId: null, topic: "cluster", id: update.clusterId });
  context.logger.info({ update: update.name, hostId, state: change.state }, "a host's update goes on");
}

/** When it is likely to end, or that it has. */
export function noteUpdate(context: Context, updateId: string, change: { readonly predictedEndAt?: Date; readonly state?: "done" | "paused"; readonly reason?: Said; readonly finishedAt?: Date }): Promise<void> {
  return inTransaction(context, async (tx) => {
    const row = await lockUpdate(tx, updateId);
    if (row?.state !== "running") return;
    const { reason, ...rest } = change;
    await writeUpdate(tx, updateId, { ...rest, ...(reason === undefined ? {} : { reason: textOf(reason), reasonWords: wordsOf(reason) }) });
    await announce(tx, { organizationId: null, topic: "cluster", id: row.clusterId });
  });
}
