import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PortalClient } from "@/server/lab/demo/portal-client";
import { demoCredentials } from "@/server/lab/demo/settings";
import { root, Running, startDemo } from "@/server/lab/demo/start";
import { deleteAll } from "@/server/lab/demo/story/money-steps";
import { order, running as untilRunning } from "@/server/lab/demo/story/order-steps";
import { inGuest, until, type Stage } from "@/server/lab/demo/story/stage";
import { labSupport } from "@/server/lab";

/**
 * Runs a benchmark against the whole product on real hosts: own Postgres, own lab, the three processes, one running
 * machine whose guest answers. Everything is gone afterwards.
 */
export async function withLab<T>(work: (stage: Stage, databaseUrl: string) => Promise<T>, options: { readonly deleteAtEnd: boolean } = { deleteAtEnd: true }): Promise<T> {
  const support = await labSupport();
  if (!support.available) throw new Error(`This benchmark needs real hosts, which cannot run here: ${support.reason}.`);
  const data = mkdtempSync(join(root, ".data", "bench-"));
  const log = (line: string): void => console.error(`  ${line}`);
  const running = new Running(log);
  try {
    const started = await startDemo({ hypervisor: "libvirt", data, log }, running);
    const stage: Stage = { centre: started.centre, origin: started.origin, organization: "acme", tenant: new PortalClient(started.origin), operator: new PortalClient(started.origin), instanceId: "", others: [], lostHost: null };
    const { tenant, operator } = demoCredentials(started.settings);
    await stage.tenant.signIn(tenant.email, tenant.password);
    await stage.operator.signIn(operator.email, operator.password);
    await order(stage);
    await untilRunning(stage);
    await guestAnswers(stage);
    const result = await work(stage, started.database.url.owner);
    if (options.deleteAtEnd) await deleteAll(stage);
    return result;
  } finally {
    await running.end();
    rmSync(data, { recursive: true, force: true });
  }
}

export async function guestAnswers(stage: Stage): Promise<void> {
  await until("the guest agent answers", 120_000, () => inGuest(stage, stage.instanceId, async (guest) => {
    await guest.ping();
    return true;
  }), 250);
}
