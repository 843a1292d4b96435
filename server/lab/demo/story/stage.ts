import type { RouterOutputs } from "@/server/api/root";
import { REAL_DESKTOP, type DataCentre, type DemoHost } from "../data-centre";
import { Guest } from "../guest";
import type { PortalClient } from "../portal-client";

export type InstanceDetail = RouterOutputs["instances"]["get"];

/** What every step of the story works with. */
export interface Stage {
  readonly centre: DataCentre;
  readonly origin: string;
  /** The slug of the tenant's organization. */
  readonly organization: string;
  readonly tenant: PortalClient;
  readonly operator: PortalClient;
  /** The story's machine; set by the step `order`. */
  instanceId: string;
  /** Machines ordered later in the story. */
  readonly others: string[];
  /** Which host lost its power in the step `failover`; null once it is back. */
  lostHost: string | null;
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until the answer is there. @throws Error with `what` and the last answer after `timeoutMs`. */
export async function until<T>(what: string, timeoutMs: number, ask: () => Promise<T | null | false | undefined>, stepMs = 100): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs / 1000} s in vain: ${what}${last instanceof Error ? ` (${last.message})` : ""}.`);
    await pause(stepMs);
  }
}

export function readInstance(stage: Stage, instanceId: string): Promise<InstanceDetail> {
  return stage.tenant.api.instances.get.query({ organization: stage.organization, instanceId });
}

/** Waits until the tenant sees the status; a status `error` ends the wait at once with its reason. */
export function untilStatus(stage: Stage, instanceId: string, wanted: InstanceDetail["status"], timeoutMs: number): Promise<InstanceDetail> {
  return until(`instance ${instanceId} is ${wanted}`, timeoutMs, async () => {
    const instance = await readInstance(stage, instanceId);
    if (instance.status === wanted) return instance;
    throw new Error(`it is ${instance.status}${instance.statusReason ? `: ${instance.statusReason}` : ""}`);
  });
}

export type CatalogImage = RouterOutputs["images"]["list"][number];

/** The small image that every demo has: what the story's machines are made of. */
export async function smallImage(stage: Stage): Promise<CatalogImage> {
  const images = await stage.tenant.api.images.list.query({ organization: stage.organization });
  const found = images.find((candidate) => candidate.status === "available" && candidate.public && candidate.name !== REAL_DESKTOP.image);
  if (!found) throw new Error("The catalog has no public image.");
  return found;
}

/** Where the control plane has placed an instance, as the operator's console shows it. */
export async function hostOf(stage: Stage, instanceId: string): Promise<{ readonly hostId: string; readonly host: DemoHost }> {
  const { items } = await stage.operator.api.admin.hosts.list.query({});
  for (const row of items) {
    const detail = await stage.operator.api.admin.hosts.get.query({ hostId: row.id });
    if (detail.instances.some((instance) => instance.instanceId === instanceId)) return { hostId: row.id, host: demoHost(stage, row.name) };
  }
  throw new Error(`No host has instance ${instanceId}.`);
}

export function demoHost(stage: Stage, name: string): DemoHost {
  const host = stage.centre.hosts().find((candidate) => candidate.name === name);
  if (!host) throw new Error(`The data centre has no host ${name}.`);
  return host;
}

export async function hostId(stage: Stage, name: string): Promise<string> {
  const { items } = await stage.operator.api.admin.hosts.list.query({});
  const row = items.find((candidate) => candidate.name === name);
  if (!row) throw new Error(`The control plane knows no host ${name}.`);
  return row.id;
}

/** Opens the guest where it runs now; the caller closes it. */
export async function guestOf(stage: Stage, instanceId: string): Promise<Guest> {
  const { host } = await hostOf(stage, instanceId);
  return new Guest(stage.centre.driver, host, instanceId);
}

/** Opens the guest, does something in it, and closes the connection whatever happened. */
export async function inGuest<T>(stage: Stage, instanceId: string, work: (guest: Guest) => Promise<T>): Promise<T> {
  const guest = await guestOf(stage, instanceId);
  try {
    return await work(guest);
  } finally {
    await guest.close();
  }
}
