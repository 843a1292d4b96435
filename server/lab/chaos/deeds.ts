import { createInstance, deleteInstance, startInstance, stopInstance } from "@/server/compute";
import { cancelDrain, drainHost, listHosts, returnToService } from "@/server/fleet";
import { Problem } from "@/server/platform/errors";
import type { Ground } from "./ground";
import type { Deed } from "./types";

/** Enough that every host has some, few enough that two hosts hold them all under software emulation. */
const FEWEST = 3;
const MOST = 5;

interface Running extends Record<string, unknown> {
  readonly id: string;
  readonly name: string;
}

let ordered = 0;

async function wantedNow(ground: Ground): Promise<Running[]> {
  return ground.rows<Running>("select id, name from instance where desired_power = 'running' and deleted_at is null and purged_at is null order by id");
}

export async function orderOne(ground: Ground): Promise<string> {
  const name = `c-${++ordered}`;
  await createInstance(ground.tenant, { name, flavorId: ground.flavorId, imageId: ground.imageId });
  return `${name} is ordered`;
}

/** Does it, or says why it was not possible: a refusal is a fair answer while hosts are missing. */
export async function doDeed(ground: Ground, deed: Deed): Promise<string> {
  try {
    return await tryDeed(ground, deed);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return `${deed.kind} was refused: ${error.message}`;
  }
}

async function tryDeed(ground: Ground, deed: Deed): Promise<string> {
  const present = await wantedNow(ground);
  const one = present[Math.floor(deed.pick * present.length)];
  switch (deed.kind) {
    case "order":
      return present.length < MOST ? orderOne(ground) : "nothing more is ordered";
    case "remove":
      if (!one || present.length <= FEWEST) return "nothing is deleted";
      await deleteInstance(ground.tenant, { instanceId: one.id, trashSeconds: 0 });
      return `${one.name} is deleted`;
    case "stop-and-start":
      if (!one) return "nothing is stopped";
      await stopInstance(ground.tenant, { instanceId: one.id, force: true });
      await startInstance(ground.tenant, { instanceId: one.id });
      return `${one.name} is stopped and started at once`;
    case "drain": {
      const { items } = await listHosts(ground.provider, {});
      const host = items[Math.floor(deed.pick * items.length)];
      if (!host) return "no host is drained";
      await drainHost(ground.provider, host.id);
      return `${host.name} is drained`;
    }
  }
}

/** No operator's wish is left over from a round. */
export async function endWishes(ground: Ground): Promise<void> {
  const wishes = await ground.rows<{ id: string; draining: boolean; back: boolean }>("select id, drain_requested_at is not null as draining, (cordoned or maintenance or state = 'quarantined') as back from host where state <> 'retired'");
  for (const { id, draining, back } of wishes) {
    if (draining) await cancelDrain(ground.provider, id).catch(refused);
    if (draining || back) await returnToService(ground.provider, id).catch(refused);
  }
}

function refused(error: unknown): void {
  // The drain has just ended by itself.
  if (!(error instanceof Problem)) throw error;
}
