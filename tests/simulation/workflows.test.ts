import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hostCalls, powerCalls } from "@/server/drivers/hypervisor/simulated/dispatch";
import { logMail } from "@/server/drivers/mail/log";
import type { SimDatabaseServer } from "@/server/lab/sim/server";
import { CHANGING, Life } from "@/server/lab/sim/workflow/life";
import { CALLS_ELSEWHERE, LOOPS_ELSEWHERE, WORKFLOWS } from "@/server/lab/sim/workflow/workflows";
import { silentLogger } from "@/server/platform/logger";
import { allLoops } from "@/server/reconcilers";
import { simTestDatabase } from "./database";

describe("every workflow has its entry", () => {
  it("each loop is part of a workflow, or said to be tried elsewhere", () => {
    const known = new Set([...WORKFLOWS.flatMap(({ loops }) => loops), ...Object.keys(LOOPS_ELSEWHERE)]);
    const loops = allLoops({ imageUploadDirectory: "/nonexistent", mail: logMail(silentLogger) }).map(({ name }) => name);
    expect(loops.filter((name) => !known.has(name)), "write a workflow in server/lab/sim/workflow, or say where it is tried").toEqual([]);
    expect([...known].filter((name) => !loops.includes(name)), "there is no such loop any more").toEqual([]);
  });

  it("each verb of a driver that changes something is part of a workflow, and a worker dies around it", () => {
    const known = new Set([...WORKFLOWS.flatMap(({ calls }) => calls), ...Object.keys(CALLS_ELSEWHERE)]);
    const verbs = [...Object.keys(hostCalls), ...Object.keys(powerCalls), "uploadVolume"];
    expect(verbs.filter((name) => !known.has(name)), "write a workflow in server/lab/sim/workflow, or say where it is tried").toEqual([]);
    expect([...known].filter((name) => !verbs.includes(name)), "there is no such verb any more").toEqual([]);
    const around: readonly string[] = CHANGING;
    expect(WORKFLOWS.flatMap(({ calls }) => calls).filter((name) => !name.startsWith("power") && !around.includes(name))).toEqual([]);
  });
});

describe("a worker that dies right after the first thing that it did", () => {
  let server: SimDatabaseServer;
  beforeAll(async () => {
    server = await simTestDatabase();
  });
  afterAll(() => server.close());

  it.each(WORKFLOWS)("leaves nothing double and nothing stuck: $name", async (workflow) => {
    await new Life(workflow, server, { at: 1, when: "after" }).live();
  }, 600_000);
});
