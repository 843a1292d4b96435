import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DriverError } from "@/server/drivers/errors";
import { ipmiPower } from "@/server/drivers/power/ipmi";
import type { Lab } from "@/server/lab";
import { throwAwayLab, whyNoLab } from "../../lab/throw-away-lab";
import { powerContract } from "./contract";

const reason = await whyNoLab();

describe.skipIf(reason !== null)(`ipmi against a simulated controller that switches a real lab host${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await throwAwayLab("ipmi");
    await lab.up();
  });
  afterAll(() => lab.down());
  powerContract(() => {
    const [host] = lab.hosts;
    const config = { kind: "ipmi", ...host!.bmc } as const;
    return {
      device: ipmiPower().connect(config),
      refused: ipmiPower().connect({ ...config, password: "wrong" }),
      dead: ipmiPower().connect({ ...config, port: 9099 }),
      truth: async () => ((await lab.hostPid("h1")) === null ? "off" : "on"),
    };
  });

  it("ends the host's daemons in order before its power is off", async () => {
    const [host] = lab.hosts;
    await lab.wake("h1");
    await ipmiPower().connect({ kind: "ipmi", ...host!.bmc }).shutdown?.();
    const log = readFileSync(path.join(lab.options.directory, "hosts", "h1", "log", "init.log"), "utf8");
    expect(log.trimEnd().split("\n").at(-1)).toMatch(/shut down$/);
  });
});

describe("ipmi with a program that misbehaves", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "berth-ipmi-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const device = (script: string) => {
    const program = path.join(folder, `tool-${Math.abs(script.length)}`);
    writeFileSync(program, `#!/bin/sh\n${script}\n`);
    chmodSync(program, 0o700);
    return ipmiPower({ program }).connect({ kind: "ipmi", address: "10.0.0.9", port: 623, username: "u", password: "s3cret" });
  };
  const failure = (work: Promise<unknown>) => work.then(() => { throw new Error("it did not fail"); }, (cause: unknown) => cause as DriverError);

  it("takes no half sentence for an answer", async () => {
    expect((await failure(device('echo "Chassis Power is off, probably"').status())).code).toBe("failed");
  });
  it("does not believe a controller that says done and stays on", async () => {
    const error = await failure(device('case "$*" in *status) echo "Chassis Power is on";; *) echo "Chassis Power Control: Down/Off";; esac').off({ timeoutMs: 2_000 }));
    expect(error.code).toBe("failed");
    expect(error.message).toMatch(/10\.0\.0\.9:623.*still reports "on"/);
  });
  it("stops a program that hangs", async () => {
    const startMs = Date.now();
    expect((await failure(device("exec sleep 30").off({ timeoutMs: 600 }))).code).toBe("timeout");
    expect(Date.now() - startMs).toBeLessThan(3_000);
  });
  it("names the package where the program is missing", async () => {
    const error = await failure(ipmiPower({ program: "/nonexistent/ipmitool" }).connect({ kind: "ipmi", address: "10.0.0.9", port: 623, username: "u", password: "p" }).status());
    expect(error.message).toMatch(/Debian package: ipmitool/);
  });
  it("keeps the password out of the arguments", async () => {
    expect((await failure(device('echo "$*" | grep -q s3cret && echo "Chassis Power is off"; echo "args: $*"; exit 1').status())).message).not.toMatch(/s3cret/);
    await expect(device('[ "$IPMI_PASSWORD" = s3cret ] && echo "Chassis Power is on"').status()).resolves.toBe("on");
  });
});
