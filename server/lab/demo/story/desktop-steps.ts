import pg from "pg";
import type { Recorder } from "../evidence";
import { REAL_DESKTOP } from "../data-centre";
import { coloursOf, differingPoints, type Picture } from "../screen-client";
import { BOOT_TIMEOUT_MS, comeBack, CURSOR_POINTS, enter, hearPortal, need, organizationOf, personality, publish, readWord, SESSION_TIMEOUT_MS, typeWord, untilPersonal, type Detail, type Office } from "./desk";
import { leftoversOf } from "./leftovers";
import { hostId, hostOf, readInstance, smallImage, until, type Stage } from "./stage";

/** How a console closes when its machine moved, failed over or stopped; the page comes back by itself then. */
const MACHINE_SIDE_CLOSED = 4410;
const GOLDEN_IMAGE = "Office";

/** A new version of a golden image boots once, answers, shows something; then desktops may be made of it. */
async function image(office: Office): Promise<Detail> {
  const found = await smallImage(office.stage);
  const detail = await publish(office, GOLDEN_IMAGE, found.id);
  return { image: found.name, ...detail };
}

/** Two pools: one where a person keeps a desktop, one whose desktops are anybody's for one session. Two stand ready. */
async function pool(office: Office, email: string): Promise<Detail> {
  const { api } = office.stage.tenant;
  const organization = organizationOf(office);
  const golden = (await api.desktopPools.goldenVersions.query(organization)).items.find((item) => item.goldenImageName === GOLDEN_IMAGE && item.state === "published");
  const flavor = (await api.catalog.flavors.query(organization)).find((candidate) => candidate.name === "micro-1");
  if (!golden || !flavor) throw new Error("There is no published golden image, or no flavor micro-1.");
  const name = Date.now().toString(36);
  const common = { ...organization, goldenImageId: golden.goldenImageId, flavorId: flavor.id, idleMinutes: 1 };
  const started = performance.now();
  office.pools.shared = (await api.desktopPools.create.mutate({ ...common, name: `shared-${name}`, kind: "floating", minimumReady: 2, maximum: 2 })).id;
  office.pools.own = (await api.desktopPools.create.mutate({ ...common, name: `own-${name}`, kind: "persistent", minimumReady: 0, maximum: 1 })).id;
  for (const poolId of [office.pools.shared, office.pools.own]) await api.desktopPools.assign.mutate({ ...organization, poolId, emails: [email] });
  const mine = (await api.desktops.mine.query(organization)).items.filter((item) => item.poolId === office.pools.own || item.poolId === office.pools.shared);
  await api.desktops.open.mutate({ ...organization, poolId: office.pools.own });
  await until("two desktops stand ready and the third one comes up for its owner", SESSION_TIMEOUT_MS, async () => {
    const [shared, own] = await Promise.all([office.pools.shared, office.pools.own].map((poolId) => api.desktopPools.get.query({ ...organization, poolId })));
    return shared?.counts.ready === 2 && own?.counts["in-session"] === 1;
  });
  return { ok: mine.length === 2, desktops: 3, allUpMs: Math.round(performance.now() - started) };
}

/** Whether a screen is as it was; null where that cannot be asked, because a simulated guest begins a new text screen with every new process. */
function screenKept(office: Office, before: Picture, after: Picture): boolean | null {
  return office.stage.centre.hypervisor === "simulated" ? null : differingPoints(before, after) <= CURSOR_POINTS;
}

/** The owner opens the desktop that is theirs: a frame, a typed line on the screen, the guest knows who it is. They leave it open. */
async function open(office: Office): Promise<Detail> {
  const { desk, readyMs, firstFrameMs } = await enter(office, office.pools.own, "kept");
  office.own = desk;
  const typed = await typeWord(office, desk);
  const personal = await untilPersonal(office, desk);
  desk.screen.close();
  return { ok: coloursOf(desk.picture) >= 2, readyMs, firstFrameMs, ...typed, ...personal };
}

/** The host is emptied while somebody works in a shared desktop: the console closes with the reason, comes back, and shows what it showed. */
async function move(office: Office): Promise<Detail> {
  const { stage } = office;
  const { desk, given, firstFrameMs } = await enter(office, office.pools.shared, "secret");
  office.shared = desk;
  await typeWord(office, desk);
  const before = desk.picture;
  const from = await hostOf(stage, desk.instanceId);
  const portal = hearPortal(office, desk);
  await stage.operator.api.admin.hosts.drain.mutate({ hostId: from.hostId });
  const end = await desk.screen.untilEnd(SESSION_TIMEOUT_MS);
  const closed = performance.now();
  await comeBack(office, desk);
  const awayMs = Math.round(performance.now() - closed);
  const told = await portal.stop();
  const to = await until("the machine runs at its new host", 60_000, async () => {
    const now = await hostOf(stage, desk.instanceId);
    return now.hostId !== from.hostId && (await readInstance(stage, desk.instanceId)).status === "running" ? now : null;
  });
  await until(`${from.host.name} is empty`, SESSION_TIMEOUT_MS, async () => (await stage.operator.api.admin.hosts.get.query({ hostId: from.hostId })).instances.length === 0);
  await stage.operator.api.admin.hosts.returnToService.mutate({ hostId: from.hostId });
  const kept = screenKept(office, before, desk.picture);
  return { ok: given === "running" && end.code === MACHINE_SIDE_CLOSED && kept !== false, from: from.host.name, to: to.host.name, firstFrameMs, closeCode: end.code, awayMs, told: told.join(" ") || "nothing", screenKept: kept, screenDiffers: differingPoints(before, desk.picture) };
}

/** Nobody is in the owner's desktop: it is put aside. Its idle minute is over early, because a story should not stand still. */
async function suspend(office: Office): Promise<Detail> {
  const { api } = office.stage.tenant;
  const organization = organizationOf(office);
  const desk = need(office.own);
  const counts = async () => (await api.desktopPools.get.query({ ...organization, poolId: desk.poolId })).counts;
  await until("the portal has seen that nobody is in it", SESSION_TIMEOUT_MS, async () => (await counts()).disconnected === 1);
  const client = new pg.Client({ connectionString: office.databaseUrl });
  await client.connect();
  try {
    // Until its guest was told who it is it starts up, and being alone begins then.
    await until("its guest was told who it is", SESSION_TIMEOUT_MS, async () => (await client.query("select 1 from desktop d join instance_observation o on o.instance_id = d.instance_id where d.instance_id = $1 and d.personalised_at >= o.running_since", [desk.instanceId])).rowCount === 1);
    await client.query("update desktop set unused_since = unused_since - interval '1 minute' where instance_id = $1", [desk.instanceId]);
  } finally {
    await client.end();
  }
  const started = performance.now();
  await until("it is put aside, no process of it runs, and its memory is known to be whole", SESSION_TIMEOUT_MS, async () => {
    const { guests } = await office.stage.centre.remains();
    if ((await counts()).suspended !== 1 || guests.includes(desk.instanceId)) return false;
    // A host that is lost between the end of the process and its answer leaves a memory that nobody vouches for: then the next start is a cold one.
    return (await api.instances.timeline.query({ ...organization, instanceId: desk.instanceId })).items.some((entry) => entry.kind === "suspended");
  });
  const { volumes } = await office.stage.centre.remains();
  return { ok: volumes.some((name) => name.includes(desk.instanceId) && name.includes("memory")), putAsideMs: Math.round(performance.now() - started), memoryFile: volumes.find((name) => name.includes(desk.instanceId) && name.includes("memory")) ?? "none" };
}

/** The host of the shared desktop loses its power while somebody works in it; they come back to it elsewhere, with their file. */
async function hostLost(office: Office): Promise<Detail> {
  const { stage } = office;
  const desk = need(office.shared);
  const from = await hostOf(stage, desk.instanceId);
  const portal = hearPortal(office, desk);
  const lost = performance.now();
  await stage.centre.crash(from.host.name);
  const end = await desk.screen.untilEnd(SESSION_TIMEOUT_MS);
  await comeBack(office, desk);
  const backMs = Math.round(performance.now() - lost);
  const told = await portal.stop();
  const to = await hostOf(stage, desk.instanceId);
  const word = await until("the agent of the restarted desktop answers", BOOT_TIMEOUT_MS, () => readWord(office, desk));
  await stage.centre.wake(from.host.name);
  const lostId = await hostId(stage, from.host.name);
  await until(`${from.host.name} is in service again`, 180_000, async () => (await stage.operator.api.admin.hosts.get.query({ hostId: lostId })).host.state === "up");
  return { ok: word === desk.word && to.hostId !== from.hostId && told.includes("recovering"), from: from.host.name, to: to.host.name, closeCode: end.code, told: told.join(" ") || "nothing", backMs, fileKept: word === desk.word };
}

/** The owner opens theirs again: it goes on where it was, with the screen as it was and a clock that is right. */
async function resume(office: Office): Promise<Detail> {
  const before = need(office.own);
  const { desk, given, readyMs, firstFrameMs } = await enter(office, before.poolId, before.word);
  office.own = desk;
  const kept = screenKept(office, before.picture, desk.picture);
  const screenDiffers = differingPoints(before.picture, desk.picture);
  const word = await until("its agent answers", 60_000, () => readWord(office, desk));
  const personal = await untilPersonal(office, desk);
  desk.screen.close();
  return { ok: given === "resuming" && desk.instanceId === before.instanceId && kept !== false && word === desk.word, given, readyMs, firstFrameMs, usableMs: readyMs + firstFrameMs, screenKept: kept, screenDiffers, ...personal };
}

/** The person logs off: the disk is made anew, and what they wrote is nowhere on it. */
async function reset(office: Office): Promise<Detail> {
  const { api } = office.stage.tenant;
  const organization = organizationOf(office);
  const desk = need(office.shared);
  const before = await readWord(office, desk);
  const machineId = (await personality(office, desk)).machineId;
  const started = performance.now();
  await api.desktops.logOff.mutate({ ...organization, sessionId: desk.sessionId });
  const { code } = await desk.screen.untilEnd(30_000);
  const row = await until("it stands ready again, for anybody", SESSION_TIMEOUT_MS, async () => {
    const now = (await api.desktopPools.desktops.query({ ...organization, poolId: desk.poolId })).items.find((item) => item.name === desk.name);
    return now?.state === "ready" && now.assignedTo === null ? now : null;
  });
  const readyMs = Math.round(performance.now() - started);
  const after = await until("the agent of the new disk answers", BOOT_TIMEOUT_MS, () => readWord(office, { instanceId: row.instanceId ?? "", word: desk.word }));
  const personal = await untilPersonal(office, desk);
  return { ok: before === desk.word && after === "clean" && (machineId === "none" || machineId !== personal.machineId), markerBefore: before, markerAfter: after, readyMs, closeCode: code, newMachineId: machineId !== personal.machineId };
}

/** A Debian desktop with X, where it was built: booted through the control plane, its screen kept. */
async function real(office: Office): Promise<Detail> {
  const found = (await office.stage.tenant.api.images.list.query(organizationOf(office))).find((candidate) => candidate.status === "available" && candidate.public && candidate.name === REAL_DESKTOP.image);
  if (!found) return { skipped: "no Debian desktop image is cached; npm run lab -- image desktop builds it" };
  const detail = await publish(office, REAL_DESKTOP.image, found.id);
  return { image: found.name, ...detail };
}

/** The pools go, and nothing of their desktops is left. */
async function gone(office: Office): Promise<Detail> {
  const { api } = office.stage.tenant;
  const organization = organizationOf(office);
  const poolIds = [office.pools.own, office.pools.shared];
  for (const poolId of poolIds) {
    for (const { instanceId } of (await api.desktopPools.desktops.query({ ...organization, poolId })).items) if (instanceId) office.instanceIds.add(instanceId);
    await api.desktopPools.delete.mutate({ ...organization, poolId });
  }
  const ids = [...office.instanceIds];
  await until("nothing of the desktops is left", SESSION_TIMEOUT_MS, async () => (await leftoversOf(office.stage, office.databaseUrl, ids))["ok"]);
  return { desktops: ids.length, ...(await leftoversOf(office.stage, office.databaseUrl, ids)) };
}

export interface DesktopOptions {
  readonly stage: Stage;
  readonly recorder: Recorder;
  readonly databaseUrl: string;
  /** Whose desktops they are: the tenant's own address. */
  readonly email: string;
}

/** Desktops, from the golden image to nothing left. A step that does not hold ends those that stand on it. */
export async function playDesktops({ stage, recorder, databaseUrl, email }: DesktopOptions): Promise<void> {
  const office: Office = { stage, databaseUrl, pools: { own: "", shared: "" }, own: null, shared: null, instanceIds: new Set() };
  if (!(await recorder.step("desktop-image", "A golden image boots once, answers, and is published", () => image(office)))) return;
  if (!(await recorder.step("desktop-pool", "Two pools, three desktops, and a right to each", () => pool(office, email)))) return;
  const opened = await recorder.step("desktop-open", "The owner opens theirs through the gateway and types", () => open(office));
  const moved = await recorder.step("desktop-move", "A shared one moves live while somebody is in it", () => move(office));
  const aside = opened && (await recorder.step("desktop-suspend", "Nobody is in the owner's: it is put aside", () => suspend(office)));
  const back = moved && (await recorder.step("desktop-host-lost", "The host of the shared one loses its power during the session", () => hostLost(office)));
  if (aside) await recorder.step("desktop-resume", "The owner goes on where they were", () => resume(office));
  if (back) await recorder.step("desktop-reset", "The person logs off, and nothing of theirs is left on it", () => reset(office));
  await recorder.step("desktop-real", "A Debian desktop with X boots", () => real(office));
  await recorder.step("desktop-gone", "The pools go, and nothing of them is left", () => gone(office));
}
