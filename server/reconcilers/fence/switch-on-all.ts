import { DriverError } from "@/server/drivers/errors";
import type { PowerDevice } from "@/server/drivers/power/types";
import { noteSecondRestored, type HostRow } from "@/server/fleet";
import { inTransaction } from "@/server/platform/transaction";
import { asPowerConfig } from "../enrol/preflight";
import type { Pass } from "../types";

const PUT_BACK_TIMEOUT_MS = 10_000;

/**
 * Switches on everything that feeds a host, its outlet too, and strikes off what fencing had cut.
 * @throws DriverError when a device did not confirm it.
 */
export async function switchOnAll(pass: Pass, hostId: string, config: Record<string, unknown>, timeoutMs: number): Promise<void> {
  const { context, machines } = pass;
  await machines.hostPower(asPowerConfig(config), context.clock).on({ timeoutMs });
  if (config["second"] !== undefined) await inTransaction(context, (tx) => noteSecondRestored(tx, context, hostId));
}

/** An outlet that turned out to be another machine's is switched on at once; where that fails, the mark that it was cut stays for the loop power-hosts. */
export async function putBack(pass: Pass, host: HostRow, outlet: PowerDevice): Promise<void> {
  const { context } = pass;
  try {
    await outlet.on({ timeoutMs: PUT_BACK_TIMEOUT_MS });
    await inTransaction(context, (tx) => noteSecondRestored(tx, context, host.id));
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    context.logger.error({ host: host.name, err: error }, "an outlet that was cut in vain could not be switched on again; it may feed another machine");
  }
}
