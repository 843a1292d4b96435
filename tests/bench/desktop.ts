import pg from "pg";
import { endpointOf, REAL_DESKTOP } from "@/server/lab/demo/data-centre";
import { ScreenClient } from "@/server/lab/demo/screen-client";
import { enter, organizationOf, publish, SESSION_TIMEOUT_MS, show, type Desk, type Office } from "@/server/lab/demo/story/desk";
import { hostOf, inGuest, pause, smallImage, until, type Stage } from "@/server/lab/demo/story/stage";
import { withLab } from "./support/lab-session";
import { percentile, type Bench, type BenchRow } from "./types";

const DEFAULT_ROUNDS = 5;
const KEYS_A_BLOCK = 20;
const BLOCKS = 3;
const FRAMES = 10;
/** Between two keys: a person types a letter in a fifth of a second, and a screen that rests is asked for less often by QEMU. */
const KEY_PAUSE_MS = 150;
/** A letter lights more points than a blinking cursor has. */
const LETTER = "m";
const LETTER_POINTS = 24;
const GOAL_FIRST_FRAME_MS = 500;
const GOAL_RESUME_MS = 3_000;
const GOAL_KEY_RATIO = 1.2;
const GOLDEN_IMAGE = "Bench";

interface Measured {
  readonly cloneMs: number[];
  readonly coldBootMs: number[];
  readonly suspendMs: number[];
  readonly resumeMs: number[];
  readonly resumedAgentMs: number[];
  readonly resetMs: number[];
  readonly firstFrameMs: number[];
  readonly directFrameMs: number[];
  readonly keyMs: number[];
  readonly directKeyMs: number[];
  /** What each resume was spent on, in order, milliseconds since the click. */
  readonly resumeSteps: ResumeSteps[];
}

interface ResumeSteps {
  readonly placed: number;
  readonly running: number;
  readonly ready: number;
  readonly told: number;
  readonly screen: number;
}

type Pools = Readonly<Record<"own" | "shared", string>>;

async function makePools(office: Office, flavorName: string): Promise<Pools> {
  const { api } = office.stage.tenant;
  const organization = organizationOf(office);
  const golden = (await api.desktopPools.goldenVersions.query(organization)).items.find((item) => item.goldenImageName === GOLDEN_IMAGE && item.state === "published");
  const flavor = (await api.catalog.flavors.query(organization)).find((candidate) => candidate.name === flavorName);
  if (!golden || !flavor) throw new Error(`There is no published golden image, or no flavor ${flavorName}.`);
  const make = async (name: string, kind: "persistent" | "floating"): Promise<string> => {
    const { id } = await api.desktopPools.create.mutate({ ...organization, name, kind, goldenImageId: golden.goldenImageId, flavorId: flavor.id, minimumReady: 0, maximum: 1, idleMinutes: 1 });
    await api.desktopPools.assign.mutate({ ...organization, poolId: id, everybody: true });
    return id;
  };
  return { own: await make("bench-own", "persistent"), shared: await make("bench-shared", "floating") };
}

/** Its place is asked for once: the portal answers slower than the guest. */
const agentAnswers = (stage: Stage, instanceId: string): Promise<boolean> =>
  inGuest(stage, instanceId, (guest) => until("the guest agent answers", SESSION_TIMEOUT_MS, async () => {
    await guest.ping();
    return true;
  }, 50));

/** What the control plane wrote down about the newest use of a desktop. One that is put aside and kept its place waits for none. */
async function stepsOf(office: Office, desk: Desk, told: number, screen: number): Promise<ResumeSteps> {
  const client = new pg.Client({ connectionString: office.databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<Record<"placed" | "running" | "ready", number>>(
      `select greatest(0, extract(epoch from a.decided_at - s.asked_at)::float8 * 1000) as placed, extract(epoch from s.ready_at - s.asked_at)::float8 * 1000 as ready,
        (select extract(epoch from max(e.at) - s.asked_at)::float8 * 1000 from instance_event e where e.instance_id = $2 and e.kind = 'resumed') as running
       from desktop_session s, allocation a where s.id = $1 and a.instance_id = $2`,
      [desk.sessionId, desk.instanceId],
    );
    const [found] = rows;
    if (!found) throw new Error(`Nothing is written down about the use ${desk.sessionId}.`);
    return { ...found, told, screen };
  } finally {
    await client.end();
  }
}

async function countOf(office: Office, poolId: string, state: "ready" | "suspended" | "disconnected"): Promise<number> {
  return (await office.stage.tenant.api.desktopPools.get.query({ ...organizationOf(office), poolId })).counts[state];
}

/** The owner leaves, the idle time is over early, and no process of the machine is left. */
async function suspend(office: Office, desk: Desk): Promise<number> {
  desk.screen.close();
  await until("nobody is in it", SESSION_TIMEOUT_MS, async () => (await countOf(office, desk.poolId, "disconnected")) === 1);
  const client = new pg.Client({ connectionString: office.databaseUrl });
  await client.connect();
  try {
    await client.query("update desktop set unused_since = unused_since - interval '1 minute' where instance_id = $1", [desk.instanceId]);
  } finally {
    await client.end();
  }
  const started = performance.now();
  await until("it is put aside", SESSION_TIMEOUT_MS, async () => !(await office.stage.centre.remains()).guests.includes(desk.instanceId), 20);
  const gone = performance.now() - started;
  await until("the portal knows", SESSION_TIMEOUT_MS, async () => (await countOf(office, desk.poolId, "suspended")) === 1);
  return gone;
}

/** Switched off and on again: until its agent answers. */
async function coldBoot(office: Office, desk: Desk): Promise<number> {
  const { api } = office.stage.tenant;
  const ref = { ...organizationOf(office), instanceId: desk.instanceId };
  const started = performance.now();
  await api.instances.reboot.mutate({ ...ref, mode: "reset" });
  // The old system may still answer for a moment: what was booted since counts.
  return inGuest(office.stage, desk.instanceId, async (guest) => {
    await until("it has booted anew", SESSION_TIMEOUT_MS, async () => {
      // A guest without an answer costs a ping's patience, not a command's.
      await guest.ping();
      return Number(await guest.run("cut -d. -f1 /proc/uptime")) < (performance.now() - started) / 1000;
    }, 50);
    return performance.now() - started;
  });
}

async function openings(office: Office, desk: Desk, measured: Measured): Promise<void> {
  const { host } = await hostOf(office.stage, desk.instanceId);
  const driver = office.stage.centre.driver.connect(endpointOf(host));
  try {
    const { host: address, port } = await driver.screenEndpoint(desk.instanceId);
    for (let frame = 0; frame < FRAMES; frame++) {
      let started = performance.now();
      const { screen } = await show(office, desk.sessionId);
      measured.firstFrameMs.push(performance.now() - started);
      screen.close();
      started = performance.now();
      const direct = await ScreenClient.direct(address, port, 20_000);
      await direct.look();
      measured.directFrameMs.push(performance.now() - started);
      direct.close();
    }
    for (let block = 0; block < BLOCKS; block++) {
      const ways = [
        async () => ({ screen: (await show(office, desk.sessionId)).screen, into: measured.keyMs }),
        async () => ({ screen: await ScreenClient.direct(address, port, 20_000), into: measured.directKeyMs }),
      ];
      // The order turns with every block, so that what else the machine does hits both.
      for (const way of block % 2 === 0 ? ways : ways.toReversed()) await typeKeys(await way());
    }
  } finally {
    await driver.close();
  }
}

async function typeKeys({ screen, into }: { readonly screen: ScreenClient; readonly into: number[] }): Promise<void> {
  try {
    await screen.look();
    for (let key = 0; key < KEYS_A_BLOCK; key++) {
      into.push(await screen.keyToPixel(LETTER, LETTER_POINTS));
      await pause(KEY_PAUSE_MS);
    }
    // The line is given up, so that it does not grow over the end of the screen.
    screen.type("\n");
    await pause(KEY_PAUSE_MS);
  } finally {
    screen.close();
  }
}

async function measure(office: Office, pools: Pools, rounds: number, measured: Measured): Promise<void> {
  const { stage } = office;
  const { api } = stage.tenant;
  const organization = organizationOf(office);
  const started = performance.now();
  let own = (await enter(office, pools.own, "bench")).desk;
  await agentAnswers(stage, own.instanceId);
  measured.cloneMs.push(performance.now() - started);
  measured.coldBootMs.push(await coldBoot(office, own));
  await openings(office, own, measured);
  for (let round = 0; round < rounds; round++) {
    measured.suspendMs.push(await suspend(office, own));
    const asked = performance.now();
    const opened = await enter(office, pools.own, "bench");
    measured.resumeMs.push(opened.readyMs + opened.firstFrameMs);
    measured.resumeSteps.push(await stepsOf(office, opened.desk, opened.readyMs, opened.readyMs + opened.firstFrameMs));
    await agentAnswers(stage, opened.desk.instanceId);
    measured.resumedAgentMs.push(performance.now() - asked);
    if (opened.given !== "resuming") throw new Error(`the desktop was ${opened.given} where it should have gone on`);
    own = opened.desk;

    const order = performance.now();
    const { desk } = await enter(office, pools.shared, "bench");
    await agentAnswers(stage, desk.instanceId);
    if (round === 0) measured.cloneMs.push(performance.now() - order);
    desk.screen.close();
    const left = performance.now();
    await api.desktops.logOff.mutate({ ...organization, sessionId: desk.sessionId });
    await until("it was made anew", SESSION_TIMEOUT_MS, async () => (await countOf(office, pools.shared, "ready")) === 1, 50);
    measured.resetMs.push(performance.now() - left);
    console.error(`  round ${round + 1}/${rounds}: resume ${Math.round(measured.resumeMs.at(-1) ?? 0)} ms (${Object.entries(measured.resumeSteps.at(-1) ?? {}).map(([step, ms]) => `${step} ${Math.round(ms)}`).join(", ")}), reset ${Math.round(measured.resetMs.at(-1) ?? 0)} ms`);
  }
  for (const poolId of [pools.own, pools.shared]) await api.desktopPools.delete.mutate({ ...organization, poolId });
}

/**
 * A desktop's life on real hosts through the control plane, in one run: `npm run bench -- desktop [ROUNDS] [real]`. `real` takes the Debian desktop (npm run lab --
 * image desktop) in place of the tiny guest.
 */
export const run: Bench = async ({ args }) => {
  const real = args.includes("real");
  const rounds = Number(args.find((arg) => /^\d+$/.test(arg)) ?? DEFAULT_ROUNDS);
  const measured: Measured = { cloneMs: [], coldBootMs: [], suspendMs: [], resumeMs: [], resumedAgentMs: [], resetMs: [], firstFrameMs: [], directFrameMs: [], keyMs: [], directKeyMs: [], resumeSteps: [] };
  await withLab(async (stage, databaseUrl) => {
    const office: Office = { stage, databaseUrl, pools: { own: "", shared: "" }, own: null, shared: null, instanceIds: new Set() };
    const images = await stage.tenant.api.images.list.query(organizationOf(office));
    const image = real ? images.find((candidate) => candidate.public && candidate.name === REAL_DESKTOP.image) : await smallImage(stage);
    if (!image) throw new Error("The Debian desktop is not built yet: npm run lab -- image desktop.");
    await publish(office, GOLDEN_IMAGE, image.id);
    const pools = await makePools(office, real ? REAL_DESKTOP.flavor : "micro-1");
    await measure(office, pools, rounds, measured);
  });
  const row = (label: string, values: readonly number[], p = 0.5): BenchRow => ({ label: `${label}, ${p === 1 ? "max" : `p${p * 100}`} of ${values.length}`, value: percentile(values, p), unit: "ms" });
  const bounded = (made: BenchRow, goalMs: number): BenchRow => ({ ...made, goal: `<= ${goalMs} ms`, held: Number(made.value) <= goalMs });
  const ratio = percentile(measured.keyMs, 0.5) / percentile(measured.directKeyMs, 0.5);
  return {
    name: real ? "desktop-real" : "desktop",
    rows: [
      row("clone: ordered to agent answering", measured.cloneMs),
      row("cold boot: power cycle to agent answering", measured.coldBootMs),
      row("suspend: idle time over to no process", measured.suspendMs),
      bounded(row("resume: click to usable screen", measured.resumeMs), GOAL_RESUME_MS),
      ...(["placed", "running", "ready", "told"] as const).map((step) => row(`  of that, until ${step}`, measured.resumeSteps.map((steps) => steps[step]))),
      row("resume: click to agent answering", measured.resumedAgentMs),
      row("reset: log-off to ready for the next", measured.resetMs),
      bounded(row("first frame: click to whole picture", measured.firstFrameMs), GOAL_FIRST_FRAME_MS),
      row("first frame without the gateway", measured.directFrameMs),
      row("key to pixel", measured.keyMs),
      row("key to pixel without the gateway", measured.directKeyMs),
      { label: "key to pixel, gateway / direct", value: ratio, unit: "x", goal: `<= ${GOAL_KEY_RATIO}`, held: ratio <= GOAL_KEY_RATIO },
    ],
    raw: measured,
  };
};
