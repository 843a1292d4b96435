import { rmSync } from "node:fs";
import { join } from "node:path";
import { until } from "@/server/lab/demo/story/stage";
import type { Ground } from "@/server/lab/chaos/ground";
import { placesOf, withLabGround } from "./support/lab-ground";
import type { Bench } from "./types";

const GUESTS = 2;
/** The images of the lab, and a little. */
const STORAGE_MIB = 1_536;
const DEFAULT_ROUNDS = 3;
/** Beyond everything that the guest itself has written, and inside of its disk. */
const WRITE = "dd if=/dev/urandom of=/dev/vda bs=1M count=2 seek=";

interface Round {
  readonly heldMs: number;
  readonly backMs: number;
  readonly stoodMs: number;
}

/** A real storage that is full holds a guest that writes; how soon it goes on once there is room: `npm run bench -- full-storage [ROUNDS]`. Needs a kernel whose tmpfs takes direct writes (6.6). */
export const run: Bench = async ({ args }) =>
  withLabGround(GUESTS, async (ground) => {
    const rows: Round[] = [];
    const [guest] = await placesOf(ground);
    if (!guest) throw new Error("Nothing runs.");
    await until("its agent answers", 120_000, () => ground.lab.run(guest.host, ["virsh", "-q", "qemu-agent-command", guest.id, '{"execute":"guest-ping"}']).then(() => true, () => false), 500);
    const before = await identity(ground, guest.host, guest.id);
    for (let round = 0; round < Number(args[0] ?? DEFAULT_ROUNDS); round++) {
      rows.push(await hold(ground, guest, round));
      console.error(`  ${JSON.stringify(rows.at(-1))}`);
    }
    const after = await identity(ground, guest.host, guest.id);
    const windows = await ground.rows(`select 1 from usage_window where resource_id = '${guest.id}' and meter = 'instance'`);
    const agent = await ground.lab.run(guest.host, ["virsh", "-q", "qemu-agent-command", guest.id, '{"execute":"guest-ping"}']);
    return {
      name: "full-storage",
      rows: [
        ...rows.map((row, index) => ({ label: `round ${index + 1}: noticed after ${row.heldMs} ms; stood still for ${row.stoodMs} ms; from the room to running`, value: row.backMs, unit: "ms" })),
        { label: "the same process all the time", value: before === after ? "yes" : `no: ${before}, then ${after}`, unit: "", goal: "yes", held: before === after },
        { label: "its agent answers", value: agent.trim(), unit: "" },
        { label: "stretches of use", value: windows.length, unit: "", goal: "1", held: windows.length === 1 },
      ],
      raw: rows,
    };
  }, { storageMiB: STORAGE_MIB });

const identity = async (ground: Ground, host: string, id: string): Promise<string> => (await ground.lab.run(host, ["sh", "-c", `cat /run/libvirt/qemu/${id}.pid`])).trim();

async function hold(ground: Ground, guest: { readonly id: string; readonly host: string }, round: number): Promise<Round> {
  const ballast = join(ground.lab.sharedPoolDirectory, "ballast");
  // dd takes what there is, and says that it was not all that it wanted.
  await ground.lab.run(guest.host, ["sh", "-c", `dd if=/dev/zero of=${ground.lab.hosts[0]?.pool.path ?? ""}/ballast bs=64k 2>/dev/null || true`]);
  const fullMs = Date.now();
  const seen = async (state: string): Promise<boolean> => (await ground.rows(`select 1 from instance_observation where instance_id = '${guest.id}' and state = '${state}'`)).length === 1;
  await ground.lab.run(guest.host, ["virsh", "-q", "qemu-agent-command", guest.id, JSON.stringify({ execute: "guest-exec", arguments: { path: "/bin/sh", arg: ["-c", `${WRITE}${600 + round * 4}; sync`] } })]);
  await until("the guest is held", 60_000, () => seen("paused"), 50);
  const heldMs = Date.now() - fullMs;
  console.error(`  ${(await ground.lab.run(guest.host, ["virsh", "-q", "domstate", guest.id, "--reason"])).trim()}`);
  // Long enough that the full storage is seen as full.
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  if (!(await seen("paused"))) throw new Error("It went on although there is no room.");
  rmSync(ballast);
  const roomMs = Date.now();
  await until("it goes on", 900_000, () => seen("running"), 50);
  const backMs = Date.now() - roomMs;
  const [told] = await ground.rows<{ ms: number }>(`select (detail->>'stoodMs')::int as ms from instance_event where instance_id = '${guest.id}' and kind = 'storage-has-room' order by at desc limit 1`);
  return { heldMs, backMs, stoodMs: told?.ms ?? Number.NaN };
}
