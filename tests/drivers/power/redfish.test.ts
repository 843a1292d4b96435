import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DriverError } from "@/server/drivers/errors";
import { redfishPower } from "@/server/drivers/power/redfish";
import type { OffWitness, SecondRole } from "@/server/drivers/power/types";
import { issueCertificate } from "@/server/lab/pki";
import { systemClock } from "@/server/platform/clock";
import { HostPower } from "@/server/reconcilers/fence/host-power";
import { powerContract } from "./contract";
import { startRedfish, type RedfishService } from "./redfish-service";

const connect = (url: string, more: { password?: string; systemId?: string; caCertificate?: string } = {}) =>
  redfishPower().connect({ kind: "redfish", url, username: "admin", password: "secret", systemId: "node-1", ...more });
const failure = (work: Promise<unknown>) => work.then(() => { throw new Error("it did not fail"); }, (cause: unknown) => cause as DriverError);

describe.each([{ sessions: true }, { sessions: false }])("redfish with sessions: $sessions", ({ sessions }) => {
  let service: RedfishService;
  let hung: RedfishService;
  beforeAll(async () => {
    service = await startRedfish();
    service.behaviour.sessions = sessions;
    hung = await startRedfish();
    hung.behaviour.hangs = true;
  });
  afterAll(() => Promise.all([service.close(), hung.close()]));
  powerContract(() => ({
    device: connect(service.url),
    refused: connect(service.url, { password: "wrong" }),
    dead: connect(hung.url),
    truth: () => Promise.resolve(service.state === "Off" ? "off" : "on"),
  }));
});

/** The real driver on both sides of the rule, over the wire. */
describe("a host with two Redfish services", () => {
  const services: RedfishService[] = [];
  afterAll(() => Promise.all(services.map((service) => service.close())));
  const start = async (): Promise<RedfishService> => {
    const service = await startRedfish();
    services.push(service);
    return service;
  };
  const cut = (role: SecondRole, first: RedfishService, second: RedfishService, timeoutMs = 20_000): Promise<OffWitness | null> =>
    new HostPower(connect(first.url), { role, device: connect(second.url) }, systemClock).cut({ timeoutMs, firstTimeoutMs: 300, skipSecond: false, beforeSecond: () => Promise.resolve(true) });

  it("is fenced by the second where the first is silent, by both where both feed it, and by none where one stays on", async () => {
    const [dead, outlet, stubborn] = [await start(), await start(), await start()];
    dead.behaviour.hangs = true;
    stubborn.behaviour.lies = true;
    expect(await failure(cut("both", outlet, stubborn, 900))).toBeInstanceOf(DriverError);
    expect(stubborn.state).toBe("On");
    expect(await cut("outlet", dead, outlet)).toBe("second");
    await new HostPower(connect(stubborn.url), { role: "outlet", device: connect(outlet.url) }, systemClock).on({ timeoutMs: 5_000 });
    expect(await connect(outlet.url).status()).toBe("on");
    stubborn.behaviour.lies = false;
    expect(await cut("both", outlet, stubborn)).toBe("both");
    expect([outlet.state, stubborn.state]).toEqual(["Off", "Off"]);
  });
});

describe("redfish", () => {
  let service: RedfishService;
  beforeAll(async () => {
    service = await startRedfish();
  });
  afterAll(() => service.close());

  it("does not believe a controller that takes the command and stays on", async () => {
    service.behaviour.lies = true;
    const error = await failure(connect(service.url).off({ timeoutMs: 900 }));
    service.behaviour.lies = false;
    expect(error.code).toBe("failed");
    expect(error.message).toMatch(/still reports "on"/);
  });

  it("waits for a slow controller, and takes PoweringOff for on", async () => {
    service.behaviour.delayMs = 900;
    const device = connect(service.url);
    const startMs = Date.now();
    await device.off({ timeoutMs: 5_000 });
    expect(Date.now() - startMs).toBeGreaterThanOrEqual(890);
    expect(service.state).toBe("Off");
    service.behaviour.delayMs = 50;
    await device.on();
  });

  it("signs in once, and again when the controller has dropped the session", async () => {
    const device = connect(service.url);
    service.requests.length = 0;
    await device.status();
    await device.status();
    service.dropSessions();
    expect(await device.status()).toBe("on");
    expect(service.requests.filter((line) => line.startsWith("POST")).length).toBe(2);
  });

  it("says which system is not there", async () => {
    expect((await failure(connect(service.url, { systemId: "node-9" }).status())).code).toBe("not-found");
  });

  it("reads the meter, and null where there is none", async () => {
    expect(await connect(service.url).powerReading()).toBe(142);
    service.behaviour.watts = null;
    expect(await connect(service.url).powerReading()).toBeNull();
  });

  it("trusts a private authority only when it is given", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "berth-redfish-"));
    const made = await issueCertificate(folder, "bmc", ["127.0.0.1"]);
    const secure = await startRedfish({ key: made.key, cert: made.certificate });
    expect(await connect(secure.url, { caCertificate: made.ca }).status()).toBe("on");
    const error = await failure(connect(secure.url).status());
    await secure.close();
    rmSync(folder, { recursive: true });
    expect(error.code).toBe("refused");
    expect(error.message).toMatch(/certificate/);
  });
});
