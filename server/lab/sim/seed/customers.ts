import { createInstance, deleteInstance, purgeInstance, rebootInstance, resizeInstance, restoreInstance, startInstance, stopInstance } from "@/server/compute";
import { cancelDrain, drainHost, returnToService } from "@/server/fleet";
import { Problem } from "@/server/platform/errors";
import type { Random } from "@/server/platform/random";
import { sqlState } from "@/server/platform/transaction";
import type { SimRoom } from "../room";
import { pick } from "./faults";

const ACTS = ["order", "order", "start", "stop", "stop-hard", "resize", "delete", "purge", "restore", "reboot", "drain", "undrain"] as const;

/** People who use the portal while everything goes wrong. Nobody waits for anybody; a refusal is an answer. */
export class Customers {
  readonly instances: string[] = [];
  private orders = 0;
  /** What was asked and is not answered yet. */
  pending = 0;
  /** Answers that are no answer: a person must never see one. */
  readonly surprises: string[] = [];

  constructor(
    private readonly room: SimRoom,
    private readonly chance: Random,
    private readonly hostIds: readonly string[],
  ) {}

  act(): void {
    const { tenant, provider, largerFlavorId, flavorId } = this.room;
    const act = this.instances.length === 0 ? "order" : pick(this.chance, ACTS);
    if (act === "order") return this.order();
    const instanceId = pick(this.chance, this.instances);
    const hostId = pick(this.chance, this.hostIds);
    switch (act) {
      case "start":
        return this.ask(() => startInstance(tenant, { instanceId }));
      case "stop":
        return this.ask(() => stopInstance(tenant, { instanceId, force: false }));
      case "stop-hard":
        return this.ask(() => stopInstance(tenant, { instanceId, force: true }));
      case "resize":
        return this.ask(() => resizeInstance(tenant, { instanceId, flavorId: this.chance.float() < 0.5 ? largerFlavorId : flavorId }));
      case "delete":
        return this.ask(() => deleteInstance(tenant, { instanceId }));
      case "purge":
        return this.ask(() => purgeInstance(tenant, { instanceId }));
      case "restore":
        return this.ask(() => restoreInstance(tenant, { instanceId }));
      case "reboot":
        return this.ask(() => rebootInstance(tenant, { instanceId, mode: this.chance.float() < 0.5 ? "guest" : "reset" }));
      case "drain":
        return this.ask(() => drainHost(provider, hostId));
      case "undrain":
        return this.ask(async () => {
          await cancelDrain(provider, hostId);
          await returnToService(provider, hostId);
        });
    }
  }

  order(): void {
    const { tenant, flavorId, imageId } = this.room;
    const name = `m${++this.orders}`;
    this.ask(async () => {
      const { id } = await createInstance(tenant, { name, flavorId, imageId, ...(this.chance.float() < 0.2 ? { antiAffinityGroup: "pair" } : {}) });
      this.instances.push(id);
    });
  }

  private ask(ask: () => Promise<unknown>): void {
    this.pending += 1;
    ask().then(
      () => void (this.pending -= 1),
      (error: unknown) => {
        this.pending -= 1;
        // A refusal with its reason, or the database was away; anything else nobody has thought of.
        const away = sqlState(error)?.startsWith("08") ?? false;
        if (!(error instanceof Problem) && !away) this.surprises.push(error instanceof Error ? (error.stack ?? error.message) : JSON.stringify(error));
      },
    );
  }
}
