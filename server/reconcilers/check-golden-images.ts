import { getInstancesForConverge } from "@/server/compute";
import { concludeCheck, listChecking, orderCheckMachine, removeCheckMachine, type GoldenVersionRow } from "@/server/desktop";
import { DriverError } from "@/server/drivers/errors";
import type { Screenshot } from "@/server/drivers/hypervisor/types";
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
  periodMs: 30_000,
  async pass(pass) {
    const versions = await inTransaction(pass.context, (tx) => listChecking(tx, pass.context), { readOnly: true });
    for (const version of versions) pass.background(version.id, () => check(pass, version));
    return { backlog: versions.length, ...(versions.length > 0 ? { againInMs: LOOK_AGAIN_MS } : {}) };
  },
};

async function check(pass: Pass, version: GoldenVersionRow): Promise<void> {
  const { context } = pass;
  // Whoever wrote how it ended died before it removed the machine.
  if (version.state !== "checking") return removeCheckMachine(context, version);
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
  const seen = machine.observation?.state === "running" ? await look(pass, machine.id) : null;
  if (seen !== null && !seen.isBlank) {
    return conclude(pass, version, true, { agentMs: elapsedMs, bootedAt: machine.observation?.runningSince?.toISOString() ?? null, widthPixels: seen.widthPixels, heightPixels: seen.heightPixels }, seen);
  }
  if (elapsedMs < CHECK_LIMIT_MS) return;
  if (seen !== null) {
    await conclude(pass, version, false, { code: "blank-screen", reason: `It answered, but its screen was still one colour from edge to edge after ${CHECK_LIMIT_MS / 60_000} minutes. The image must show something on its first screen.` }, seen);
  } else {
    await conclude(pass, version, false, { code: "no-answer", reason: `Its guest agent did not answer within ${CHECK_LIMIT_MS / 60_000} minutes. The image must boot by itself and start qemu-guest-agent.`, state: machine.observation?.state ?? "absent" });
  }
}

/** Its screen, once its agent answers; null before that. A screen comes up a while after the agent, so a blank one is looked at again. */
async function look(pass: Pass, instanceId: string): Promise<Screenshot | null> {
  const fleet = await readFleet(pass.context);
  const host = fleet.hosts.get(fleet.allocations.get(instanceId)?.hostId ?? "");
  if (!host) return null;
  const machines = pass.machines.host(host);
  try {
    await machines.agentCommand(instanceId, "guest-ping", {}, { timeoutMs: PING_TIMEOUT_MS });
    return await machines.screenshot(instanceId);
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    pass.context.logger.debug({ instanceId, code: error.code }, "a golden image under check does not answer yet");
    return null;
  }
}

async function conclude(pass: Pass, version: GoldenVersionRow, passed: boolean, detail: Readonly<Record<string, unknown>>, seen: Screenshot | null = null): Promise<void> {
  const { context } = pass;
  // In this order: a machine that is gone says that somebody else removed it.
  await inTransaction(context, (tx) => concludeCheck(tx, context, version, { passed, detail, screenshot: seen?.pngBase64 ?? null }));
  await removeCheckMachine(context, version);
  context.logger.info({ versionId: version.id, passed, ...detail }, "a golden image was checked");
}
