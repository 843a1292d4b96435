import { differingPoints, ScreenClient, type Picture } from "../screen-client";
import { inGuest, pause, until, type Stage } from "./stage";

export const BOOT_TIMEOUT_MS = 120_000;
export const SESSION_TIMEOUT_MS = 120_000;
/** The cursor blinks in a cell of 9 by 16 points, once at its old place and once at its new one. */
export const CURSOR_POINTS = 2 * 9 * 16;
/** A guest's clock may be told late by the way to its agent. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** One desktop that somebody is in, and what they have on its screen. */
export interface Desk {
  readonly poolId: string;
  readonly sessionId: string;
  readonly instanceId: string;
  readonly name: string;
  screen: ScreenClient;
  picture: Picture;
  /** What was typed into it, and into the file of this name. */
  readonly word: string;
}

/** What the steps about desktops share. */
export interface Office {
  readonly stage: Stage;
  readonly databaseUrl: string;
  readonly pools: { own: string; shared: string };
  own: Desk | null;
  shared: Desk | null;
  readonly instanceIds: Set<string>;
}

export type Detail = Record<string, unknown>;

export const organizationOf = (office: Office): { readonly organization: string } => ({ organization: office.stage.organization });

export function need(desk: Desk | null): Desk {
  if (!desk) throw new Error("Nobody is in this desktop: an earlier step did not hold.");
  return desk;
}

/** Makes an image the next version of a golden image and publishes it when its check has passed. */
export async function publish(office: Office, goldenImageName: string, imageId: string): Promise<Detail> {
  const { api } = office.stage.tenant;
  const organization = organizationOf(office);
  const { id: versionId } = await api.desktopPools.addVersion.mutate({ ...organization, goldenImageName, imageId });
  const version = await until(`the version of ${goldenImageName} was checked`, 10 * BOOT_TIMEOUT_MS, async () => {
    const row = (await api.desktopPools.goldenVersions.query(organization)).items.find((item) => item.id === versionId);
    return row?.state === "checking" ? null : row;
  });
  if (version.state !== "checked") throw new Error(`The check of ${goldenImageName} failed: ${JSON.stringify(version.checkDetail)}`);
  const { png } = await api.desktopPools.screenshot.query({ ...organization, versionId });
  await api.desktopPools.publishVersion.mutate({ ...organization, versionId });
  const { checkDetail } = version;
  return { ok: png.length > 0, version: version.number, agentMs: checkDetail?.["agentMs"] ?? null, screen: `${String(checkDetail?.["widthPixels"])}x${String(checkDetail?.["heightPixels"])}`, screenshotBytes: Math.round((png.length * 3) / 4) };
}

/** A session is asked for, its screen opened with a one-time ticket, and a word typed into it. */
export async function enter(office: Office, poolId: string, word: string): Promise<{ readonly desk: Desk; readonly given: string; readonly readyMs: number; readonly firstFrameMs: number }> {
  const { stage } = office;
  const { api } = stage.tenant;
  const organization = organizationOf(office);
  const asked = performance.now();
  const opening = await api.desktops.open.mutate({ ...organization, poolId });
  const { sessionId } = opening;
  const ready = await until(`the desktop session ${sessionId} can be opened`, SESSION_TIMEOUT_MS, async () => {
    const now = await api.desktops.session.query({ ...organization, sessionId });
    return now.state === "ready" ? now : null;
  }, 50);
  const readyMs = Math.round(performance.now() - asked);
  const row = (await api.desktopPools.desktops.query({ ...organization, poolId })).items.find((item) => item.name === ready.desktopName);
  if (!row?.instanceId) throw new Error(`The desktop ${ready.desktopName ?? "without a name"} has no machine.`);
  office.instanceIds.add(row.instanceId);
  const clicked = performance.now();
  const { screen, picture } = await show(office, sessionId);
  return { desk: { poolId, sessionId, instanceId: row.instanceId, name: row.name, screen, picture, word }, given: opening.given, readyMs, firstFrameMs: Math.round(performance.now() - clicked) };
}

export async function show(office: Office, sessionId: string): Promise<{ readonly screen: ScreenClient; readonly picture: Picture }> {
  const { url } = await office.stage.tenant.api.desktops.ticket.mutate({ ...organizationOf(office), sessionId });
  const screen = await ScreenClient.open(url, office.stage.origin, 20_000);
  try {
    return { screen, picture: await screen.look() };
  } catch (error) {
    screen.close();
    throw error;
  }
}

/** Listens to what the portal tells of a session while something happens to its machine, as the page of its person does. */
export function hearPortal(office: Office, desk: Desk): { readonly stop: () => Promise<readonly string[]> } {
  const told = new Set<string>();
  let over = false;
  const hearing = (async () => {
    for (; !over; await pause(100)) {
      const { moving } = await office.stage.tenant.api.desktops.session.query({ ...organizationOf(office), sessionId: desk.sessionId });
      if (moving) told.add(moving);
    }
  })();
  // Who stops it hears of its error; before that nobody waits for it.
  hearing.catch(() => undefined);
  return {
    stop: async () => {
      over = true;
      await hearing;
      return [...told];
    },
  };
}

/** A new ticket, again and again until the screen is there, as the page does. */
export async function comeBack(office: Office, desk: Desk): Promise<void> {
  const { screen, picture } = await until(`the screen of ${desk.name} is back`, SESSION_TIMEOUT_MS, () => show(office, desk.sessionId), 200);
  desk.screen = screen;
  desk.picture = picture;
}

/** Written by the typed line when the desk's word is on the disk: what follows is the next prompt, at once. */
const TYPED = "/tmp/typed";
/** Two looks so far apart that show the same have nothing between them that is still being drawn. */
const STILL_MS = 300;

/** Types a line that puts the desk's word into a file, and waits until the guest has it on its disk and the screen shows all of it, the next prompt too. */
export async function typeWord(office: Office, desk: Desk): Promise<{ readonly changedPoints: number; readonly shownMs: number }> {
  // A desktop can be looked at while it boots; what is typed then goes nowhere.
  await until("its agent answers", BOOT_TIMEOUT_MS, async () => (await readWord(office, desk)) === "clean");
  desk.picture = await desk.screen.look();
  const before = desk.picture;
  const typed = performance.now();
  desk.screen.type(`echo ${desk.word} > /data/${desk.word}; sync; echo ${desk.word} > ${TYPED}\n`);
  let shownMs = 0;
  await until("the screen shows what was typed", 30_000, async () => {
    desk.picture = await desk.screen.look();
    // More than a cursor's worth of points: letters stand there now.
    const changed = differingPoints(before, desk.picture) > CURSOR_POINTS;
    if (changed && shownMs === 0) shownMs = Math.round(performance.now() - typed);
    return changed && (await readFrom(office, desk, TYPED)) === desk.word;
  });
  await until("the screen stands still", 30_000, async () => {
    const { picture } = desk;
    await pause(STILL_MS);
    desk.picture = await desk.screen.look();
    return differingPoints(picture, desk.picture) <= CURSOR_POINTS;
  });
  return { changedPoints: differingPoints(before, desk.picture), shownMs };
}

function readFrom(office: Office, desk: Pick<Desk, "instanceId">, file: string): Promise<string> {
  return inGuest(office.stage, desk.instanceId, (guest) => guest.run(`cat ${file} || echo clean`));
}

export const readWord = (office: Office, desk: Pick<Desk, "instanceId" | "word">): Promise<string> => readFrom(office, desk, `/data/${desk.word}`);

/** What the guest believes of itself, asked of the guest. */
export async function personality(office: Office, desk: Desk): Promise<{ readonly hostName: string; readonly machineId: string; readonly clockOffSeconds: number }> {
  return inGuest(office.stage, desk.instanceId, async (guest) => {
    const hostName = await guest.run("hostname");
    const machineId = await guest.run("cat /etc/machine-id || echo none");
    const guestSeconds = Number(await guest.run("date +%s"));
    return { hostName, machineId, clockOffSeconds: Math.round(guestSeconds - Date.now() / 1000) };
  });
}

export async function untilPersonal(office: Office, desk: Desk): Promise<Awaited<ReturnType<typeof personality>>> {
  return until(`${desk.name} knows its name and the time`, 60_000, async () => {
    const now = await personality(office, desk);
    if (now.hostName !== desk.name || Math.abs(now.clockOffSeconds) > CLOCK_TOLERANCE_SECONDS) throw new Error(JSON.stringify(now));
    return now;
  }, 300);
}
