import { DiskWriter } from "../guest";
import { demoHost, guestOf, hostId, hostOf, inGuest, pause, readInstance, smallImage, until, untilStatus, type Stage } from "./stage";

const MOVE_TIMEOUT_MS = 120_000;
const FAILOVER_TIMEOUT_MS = 120_000;
/** Long enough for a reply before and after the move to stand on both sides of the gap. */
const PING_MARGIN_MS = 500;
/** Where the story's writes go inside the guest. */
const WRITES = "/data/writes";

/** The operator drains the host; the tenant's machine moves while it is pinged. */
export async function migrate(stage: Stage): Promise<Record<string, unknown>> {
  const { api } = stage.operator;
  const from = await hostOf(stage, stage.instanceId);
  const { privateIp } = await readInstance(stage, stage.instanceId);
  const ping = privateIp ? stage.centre.ping(privateIp) : null;
  await pause(PING_MARGIN_MS);
  const preview = await api.admin.hosts.previewDrain.query({ hostId: from.hostId });
  await api.admin.hosts.drain.mutate({ hostId: from.hostId });
  const to = await until(`the host ${from.host.name} is empty`, MOVE_TIMEOUT_MS, async () => {
    const now = await hostOf(stage, stage.instanceId);
    return now.hostId !== from.hostId && (await readInstance(stage, stage.instanceId)).status === "running" ? now : null;
  });
  await pause(PING_MARGIN_MS);
  const pinged = ping ? await ping.stop() : null;
  const { items } = await api.admin.decisions.list.query({ instanceId: stage.instanceId, kind: "migrate" });
  const measured = items.map((decision) => decision.measured).find((value) => value !== null && value !== undefined);
  await api.admin.hosts.returnToService.mutate({ hostId: from.hostId });
  await inGuest(stage, stage.instanceId, (guest) => guest.ping(10_000));
  return {
    ok: measured !== undefined && (pinged === null || pinged.replies > 0),
    from: from.host.name,
    to: to.host.name,
    plannedMoves: preview.moves.length,
    totalMs: measured?.["totalMs"],
    downtimeMs: measured?.["downtimeMs"],
    longestPingGapMs: pinged?.longestGapMs ?? null,
    pingReplies: pinged?.replies ?? null,
  };
}

/** The host loses its power while the guest writes; the machine runs elsewhere. */
export async function failover(stage: Stage, writes: { acknowledged: number }): Promise<Record<string, unknown>> {
  const from = await hostOf(stage, stage.instanceId);
  const guest = await guestOf(stage, stage.instanceId);
  const writer = new DiskWriter(guest, WRITES);
  await until("the guest has written", 60_000, () => Promise.resolve(writer.acknowledged >= 5));
  const lostAt = Date.now();
  await stage.centre.crash(from.host.name);
  stage.lostHost = from.host.name;
  await writer.stop();
  await guest.close();
  writes.acknowledged = writer.acknowledged;
  const run = await until("QEMU runs on another host", FAILOVER_TIMEOUT_MS, async () => {
    const runs = await stage.centre.runs();
    return runs.find((candidate) => candidate.instanceId === stage.instanceId && candidate.host !== from.host.name && candidate.startedAtMs > lostAt);
  }, 50);
  const { fencing } = await stage.operator.api.admin.hosts.get.query({ hostId: from.hostId });
  await untilStatus(stage, stage.instanceId, "running", FAILOVER_TIMEOUT_MS);
  const requestedAt = fencing?.requestedAt.getTime();
  const confirmedAt = fencing?.confirmedAt?.getTime();
  if (requestedAt === undefined || confirmedAt === undefined) throw new Error("The lost host has no confirmed fencing, and yet its machine runs elsewhere.");
  return {
    // The order of the two is the wall against a double run.
    ok: confirmedAt <= run.startedAtMs,
    from: from.host.name,
    to: run.host,
    detectMs: requestedAt - lostAt,
    fenceMs: confirmedAt - requestedAt,
    restartMs: run.startedAtMs - confirmedAt,
    totalMs: run.startedAtMs - lostAt,
  };
}

/** Every write that the guest saw acknowledged before the power loss is on the disk after it. */
export function dataKept(stage: Stage, writes: { readonly acknowledged: number }): Promise<Record<string, unknown>> {
  return inGuest(stage, stage.instanceId, async (guest) => {
    await until("the guest agent answers after the restart", 120_000, async () => {
      await guest.ping();
      return true;
    });
    const lines = (await guest.run(`cat ${WRITES}`)).split("\n").map(Number);
    const found = new Set(lines);
    const lost = Array.from({ length: writes.acknowledged }, (_, index) => index + 1).filter((number) => !found.has(number));
    return { ok: writes.acknowledged > 0 && lost.length === 0, acknowledged: writes.acknowledged, onDisk: lines.length, lost: lost.length };
  });
}

/** Two hosts are up, one must stay free for the other's loss: a large order waits, says why, and runs when the third is back. */
export async function noCapacity(stage: Stage): Promise<Record<string, unknown>> {
  const { organization } = stage;
  const { api } = stage.tenant;
  const flavors = await api.catalog.flavors.query({ organization });
  const image = await smallImage(stage);
  const large = flavors.find((flavor) => flavor.name === "memory-1");
  if (!large) throw new Error("The catalog has no flavor memory-1.");
  const ordered = await api.instances.create.mutate({ organization, name: `large-${Date.now().toString(36)}`, flavorId: large.id, imageId: image.id, sshKeyIds: [] });
  stage.others.push(ordered.id);
  const waiting = await untilStatus(stage, ordered.id, "waiting-for-capacity", 30_000);
  const { items } = await stage.operator.api.admin.decisions.list.query({ instanceId: ordered.id, kind: "refuse" });
  const [summary] = items;
  if (!summary) throw new Error("A waiting order has no decision that says why.");
  const decision = await stage.operator.api.admin.decisions.get.query({ decisionId: summary.id });
  const lost = stage.lostHost;
  if (!lost) throw new Error("No host is missing; nothing can come back.");
  demoHost(stage, lost);
  await stage.centre.wake(lost);
  stage.lostHost = null;
  await untilStatus(stage, ordered.id, "running", 180_000);
  const lostId = await hostId(stage, lost);
  const { host } = await stage.operator.api.admin.hosts.get.query({ hostId: lostId });
  return {
    ok: decision.rejected.length > 0 && Boolean(waiting.waiting?.smallestChange) && host.state === "up",
    reason: waiting.waiting?.text ?? null,
    smallestChange: waiting.waiting?.smallestChange ?? null,
    reasonsPerHost: decision.rejected.length,
    returnedHost: lost,
  };
}
