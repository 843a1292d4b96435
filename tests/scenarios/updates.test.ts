import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { changeUpdate, drainHost, cancelDrain, listUpdates, previewDrain, startUpdate } from "@/server/fleet";
import { updateInput } from "@/server/fleet/schema";
import { openCentre, until, untilHost, type Centre } from "./centre";

async function withCentre(options: Parameters<typeof openCentre>[0], work: (centre: Centre) => Promise<void>): Promise<void> {
  const centre = await openCentre(options);
  try {
    await work(centre);
  } finally {
    await centre.close();
  }
}

async function fill(centre: Centre, count: number): Promise<string[]> {
  const ids = await Promise.all(Array.from({ length: count }, (_, index) => centre.order(`vm-${index}`)));
  for (const id of ids) await centre.untilStatus(id, "running", 60_000);
  return ids;
}

const hostIds = async (centre: Centre, names: readonly string[]) => Promise.all(names.map(async (name) => (await centre.host(name)).id));
const update = async (centre: Centre) => (await listUpdates(centre.provider, centre.clusterId))[0]!;

describe.concurrent("a rolling update", () => {
  it("empties one host after the other, asks the webhook, and gives each back; nothing stops running", async () => {
    const asked: string[] = [];
    const open = { hosts: 0, most: 0 };
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (part: Buffer) => (body += part.toString()));
      request.on("end", () => {
        asked.push((JSON.parse(body) as { hostName: string }).hostName);
        open.most = Math.max(open.most, ++open.hosts);
        setTimeout(() => {
          open.hosts -= 1;
          response.end("patched");
        }, 300);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/update`;
    await withCentre({ hosts: ["h1", "h2", "h3"], policy: { failoverHosts: 1 } }, async (centre) => {
      const ids = await fill(centre, 5);
      await startUpdate(centre.provider, updateInput.parse({ clusterId: centre.clusterId, name: "kernel", hostIds: await hostIds(centre, ["h1", "h2", "h3"]), hostsAtOnce: 1, step: { kind: "webhook", url } }));
      await until("it is done", 60_000, async () => (await update(centre)).state === "done", () => update(centre));
      expect([...asked].sort()).toEqual(["h1", "h2", "h3"]);
      expect(open.most).toBe(1);
      const { hosts, predictedEndAt } = await update(centre);
      expect(hosts.map((one) => [one.state, one.output])).toEqual([["done", "patched"], ["done", "patched"], ["done", "patched"]]);
      expect(predictedEndAt).not.toBeNull();
      for (const id of ids) expect(centre.runsOn(id)).toHaveLength(1);
      for (const name of ["h1", "h2", "h3"]) expect(await centre.host(name)).toMatchObject({ state: "up", cordoned: false, maintenance: false });
      expect(centre.world.runs().filter((run) => run.endMs === null)).toHaveLength(5);
      await centre.checkInvariants();
    });
    server.close();
  });

  it("stops at a step that fails, leaves that host in maintenance, and goes on when the operator says so", async () => {
    const folder = mkdtempSync(join(tmpdir(), "berth-update-"));
    writeFileSync(join(folder, "patch"), `#!/bin/sh\necho "updating $BERTH_HOST_NAME"\n[ -z "$WORKER_DATABASE_URL" ] && [ "$1" != h2 ]\n`);
    chmodSync(join(folder, "patch"), 0o755);
    await withCentre({ hosts: ["h1", "h2", "h3"], updateCommands: folder }, async (centre) => {
      await fill(centre, 3);
      await startUpdate(centre.provider, updateInput.parse({ clusterId: centre.clusterId, name: "firmware", hostIds: await hostIds(centre, ["h2", "h1"]), step: { kind: "command", command: "patch" } }));
      await until("it is paused", 60_000, async () => (await update(centre)).state === "paused", () => update(centre));
      const paused = await update(centre);
      expect(paused.reason).toMatch(/update step of h2 failed: patch ended with 1.*updating h2/s);
      expect(await centre.host("h2")).toMatchObject({ maintenance: true, state: "up" });
      expect(paused.hosts.map((one) => one.state)).toEqual(["failed", "waiting"]);
      await changeUpdate(centre.provider, paused.id, "resume");
      await until("it is done", 60_000, async () => (await update(centre)).state === "done", () => update(centre));
      expect((await update(centre)).hosts.map((one) => one.state)).toEqual(["failed", "done"]);
      await centre.checkInvariants();
    });
    rmSync(folder, { recursive: true });
  });

  it("gives everything back when it is aborted, in the middle of a long move", async () => {
    await withCentre({ hosts: ["h1", "h2"], world: { hostDefaults: { migrationMiBs: 1 } } }, async (centre) => {
      const ids = await fill(centre, 4);
      const there = ids.filter((id) => centre.runsOn(id).includes("h1"));
      const { id } = await startUpdate(centre.provider, updateInput.parse({ clusterId: centre.clusterId, name: "kernel", hostIds: await hostIds(centre, ["h1"]), step: { kind: "none" } }));
      await until("a move is under way", 20_000, async () => (await centre.rows("select 1 from migration where state = 'running'")).length > 0);
      // At 1 MiB/s each move would take minutes: what is over before that was called off.
      await changeUpdate(centre.provider, id, "abort");
      await until("nothing is moved any more", 10_000, async () => (await centre.rows("select 1 from migration where state in ('planned', 'running')")).length === 0, () => centre.rows("select state, error from migration"));
      expect(there.every((one) => centre.runsOn(one).includes("h1"))).toBe(true);
      expect(await centre.host("h1")).toMatchObject({ state: "up", cordoned: false, draining: false, maintenance: false });
      await centre.checkInvariants();
    });
  });

  it("may restart its hosts: an empty host in maintenance that falls silent is nobody's emergency", async () => {
    await withCentre({ hosts: ["h1", "h2", "h3"] }, async (centre) => {
      await fill(centre, 3);
      const server = createServer((request, response) => {
        centre.world.crash("h1");
        setTimeout(() => void centre.world.port.call("powerOn", "h1", {}).then(() => response.end("restarted")), 2_500);
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      await startUpdate(centre.provider, updateInput.parse({ clusterId: centre.clusterId, name: "kernel", hostIds: await hostIds(centre, ["h1"]), step: { kind: "webhook", url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` } }));
      await until("it is done", 60_000, async () => (await update(centre)).state === "done", () => update(centre));
      expect(await centre.rows("select 1 from fencing")).toEqual([]);
      await untilHost(centre, "h1", "up");
      server.close();
      await centre.checkInvariants();
    });
  });
});

describe.concurrent("a drain", () => {
  it("is called off within seconds, also what is under way", async () => {
    await withCentre({ hosts: ["h1", "h2"], world: { hostDefaults: { migrationMiBs: 1 } } }, async (centre) => {
      const ids = await fill(centre, 4);
      const there = ids.filter((id) => centre.runsOn(id).includes("h1"));
      const [hostId] = await hostIds(centre, ["h1"]);
      expect((await previewDrain(centre.provider, hostId!)).seconds).toBeGreaterThan(0);
      await drainHost(centre.provider, hostId!);
      await until("a move is under way", 20_000, async () => (await centre.rows("select 1 from migration where state = 'running'")).length > 0);
      await cancelDrain(centre.provider, hostId!);
      await until("nothing is moved any more", 8_000, async () => (await centre.rows("select 1 from migration where state in ('planned', 'running')")).length === 0);
      expect(there.every((one) => centre.runsOn(one).includes("h1"))).toBe(true);
      await centre.checkInvariants();
    });
  });
});
