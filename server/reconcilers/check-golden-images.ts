import { getInstancesForConverge } from "@/server/compute";
import { concludeCheck, listChecking, orderCheckMachine, removeCheckMachine, type GoldenVersionRow } from "@/server/desktop";
import { DriverError } from "@/server/drivers/errors";
import { readFleet } from "@/server/fleet";
import { Problem } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import type { LoopDefinition, Pass } from "./types";

const LOOK_AGAIN_MS = 1_000;
const PING_TIMEOUT_MS = 3_000;
/** A desktop image boots in 40 to 90 s under software emulation; one that has not answered by then does not. */
const CHECK_LIMIT_MS = 15 * 60_000;

/** Boots each new version of a golden image once, before anybody's desktop is made of it. */
export const checkGoldenImagesLoop: LoopDefinition = {
  name: "check-golden-images",
  purpose: "Boots each new version of a golden image and asks its agent, before desktops are made of it.",
  periodMs: 30_000,
  async pass(pass) {
    const versions = await inTransaction(pass.context, (tx) => listChecking(tx, pass.context), { readOnly: true });
    for (const version of versions) pass.background(version.id, () => check(pass, version));
    return { backlog: versions.length, ...(versions.length > 0 ? { againInMs: LOOK_AGAIN_MS } : {}) };
  },
};

async function check(pass: Pass, version: GoldenVersionRow): Promise<void> {
  const { context } = pass;
  const startedMs = version.checkStartedAt?.getTime() ?? context.clock.nowMs();
  if (version.checkInstanceId === null) {
    try {
      await orderCheckMachine(context, version);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      await conclude(pass, version, false, { reason: error.message, code: error.code });
    }
    return;
  }
  const [machine] = await inTransaction(context, (tx) => getInstancesForConverge(tx, context, [version.checkInstanceId ?? ""]), { readOnly: true });
  if (!machine || machine.deletedAt) return conclude(pass, version, false, { code: "machine-deleted", reason: "The machine of the check was deleted before it had answered." });
  const elapsedMs = context.clock.nowMs() - startedMs;
  if (machine.observation?.state === "running" && (await answers(pass, machine.id))) return conclude(pass, version, true, { agentMs: elapsedMs, bootedAt: machine.observation.runningSince?.toISOString() ?? null });
  if (elapsedMs >= CHECK_LIMIT_MS) {
    await conclude(pass, version, false, { code: "no-answer", reason: `Its guest agent did not answer within ${CHECK_LIMIT_MS / 60_000} minutes. The image must boot by itself and start qemu-guest-agent.`, state: machine.observation?.state ?? "absent" });
  }
}

async function answers(pass: Pass, instanceId: string): Promise<boolean> {
  const fleet = await readFleet(pass.context);
  const host = fleet.hosts.get(fleet.allocations.get(instanceId)?.hostId ?? "");
  if (!host) return false;
  try {
    await pass.machines.host(host).agentCommand(instanceId, "guest-ping", {}, { timeoutMs: PING_TIMEOUT_MS });
    return true;
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    return false;
  }
}

async function conclude(pass: Pass, version: GoldenVersionRow, passed: boolean, detail: Readonly<Record<string, unknown>>): Promise<void> {
  const { context } = pass;
  await removeCheckMachine(context, version);
  await inTransaction(context, (tx) => concludeCheck(tx, context, version, { passed, detail, screenshot: null }));
  context.logger.info({ versionId: version.id, passed, ...detail }, "a golden image was checked");
}
