import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addSshKey, createInstance, getInstance, listSshKeys, removeSshKey, seedFiles } from "@/server/compute";
import { parseSshKey } from "@/server/compute/ssh-key/parse-ssh-key";
import { inTransaction } from "@/server/platform/transaction";
import { createTestDatabase, testContext, type TestDatabase } from "@/tests/support/database";
import { makeOffer, makeTenant, problemOf } from "./fixture";

/** Made once with OpenSSH's ssh-keygen -t ed25519 -C "someone@example"; the fingerprint is what ssh-keygen -l printed. */
const ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f someone@example";

const hasKeygen = (() => {
  try {
    execFileSync("ssh-keygen", ["-?"], { stdio: "ignore" });
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ENOENT");
  }
})();

const why = (text: string): string => {
  try {
    parseSshKey(text);
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  throw new Error("the key was accepted");
};

describe("a public key", () => {
  it("is read with type, comment and fingerprint", () => {
    const key = parseSshKey(`  ${ED25519} with words \n`);
    expect(key).toMatchObject({ type: "ssh-ed25519", comment: "someone@example with words", text: `${ED25519} with words` });
    expect(key.fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  });

  it.skipIf(!hasKeygen)("has the fingerprint that ssh-keygen prints, for every type that it makes", () => {
    const folder = mkdtempSync(join(tmpdir(), "berth-keys-"));
    try {
      for (const [type, bits] of [["ed25519", "0"], ["rsa", "2048"], ["rsa", "3072"], ["ecdsa", "256"], ["ecdsa", "384"], ["ecdsa", "521"]] as const) {
        const file = join(folder, `${type}-${bits}`);
        execFileSync("ssh-keygen", ["-q", "-t", type, ...(bits === "0" ? [] : ["-b", bits]), "-N", "", "-C", "x", "-f", file]);
        const printed = execFileSync("ssh-keygen", ["-l", "-f", `${file}.pub`], { encoding: "utf8" }).split(" ")[1];
        expect(parseSshKey(readFileSync(`${file}.pub`, "utf8")).fingerprint).toBe(printed);
        expect(why(readFileSync(file, "utf8"))).toContain("PRIVATE key");
      }
      execFileSync("ssh-keygen", ["-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", join(folder, "short")]);
      expect(why(readFileSync(join(folder, "short.pub"), "utf8"))).toContain("2048 bits");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is refused with what is wrong and what to do", () => {
    const [type, blob] = ED25519.split(" ") as [string, string];
    expect(why("")).toContain("nothing was pasted");
    expect(why("-----BEGIN OPENSSH PRIVATE KEY-----\nabc")).toContain("PRIVATE key");
    expect(why("PuTTY-User-Key-File-3: ssh-ed25519")).toContain("PRIVATE key");
    expect(why("---- BEGIN SSH2 PUBLIC KEY ----")).toContain("RFC 4716");
    expect(why(`${ED25519}\n${ED25519}`)).toContain("several lines");
    expect(why("hello world")).toContain("key type");
    expect(why("toString AAAA")).toContain("key type");
    expect(why(`ssh-dss ${blob}`)).toContain("DSA");
    expect(why(type)).toContain("base64");
    expect(why(`${type} ${blob.slice(0, -3)}!!!`)).toContain("base64");
    expect(why(`${type} ${Buffer.from(blob, "base64").subarray(0, -4).toString("base64")}`)).toContain("cut off");
    expect(why(`ssh-rsa ${blob}`)).toContain("another type");
    expect(why(`${type} ${Buffer.concat([Buffer.from(blob, "base64"), Buffer.from([0, 0, 0, 1, 7])]).toString("base64")}`)).toContain("parts");
    expect(why(`${ED25519} \u0007`)).toContain("control character");
  });
});

describe("kept keys", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    await makeOffer(database);
  });
  afterAll(() => database.close());

  it("belong to their organization, once each, and come back after a removal", async () => {
    const [tenant, stranger] = [await makeTenant(database), await makeTenant(database)];
    const key = await addSshKey(tenant, { name: "laptop", publicKey: ED25519 });
    expect(key).toMatchObject({ name: "laptop", type: "ssh-ed25519", publicKey: ED25519 });
    expect((await problemOf(addSshKey(tenant, { name: "again", publicKey: ED25519 }))).code).toBe("conflict");
    await addSshKey(stranger, { name: "theirs", publicKey: ED25519 });
    expect((await listSshKeys(tenant)).map((one) => one.name)).toEqual(["laptop"]);
    expect((await problemOf(removeSshKey(stranger, { sshKeyId: key.id }))).code).toBe("not-found");
    await removeSshKey(tenant, { sshKeyId: key.id });
    expect((await problemOf(removeSshKey(tenant, { sshKeyId: key.id }))).code).toBe("not-found");
    expect(await listSshKeys(tenant)).toEqual([]);
    await addSshKey(tenant, { name: "laptop", publicKey: ED25519 });
  });

  it("are in the seed of a guest that was ordered with them, with its name and address", async () => {
    const tenant = await makeTenant(database);
    const stranger = await makeTenant(database);
    const key = await addSshKey(tenant, { name: "laptop", publicKey: ED25519 });
    const theirs = await addSshKey(stranger, { name: "theirs", publicKey: ED25519 });
    expect((await problemOf(createInstance(tenant, { name: "x", flavorId: "flv_small", imageId: "img_tiny", sshKeyIds: [theirs.id] }))).code).toBe("not-found");
    const { id, privateIp } = await createInstance(tenant, { name: "web-1", flavorId: "flv_small", imageId: "img_tiny", sshKeyIds: [key.id], userData: "#!/bin/sh\necho hi\n" });
    await removeSshKey(tenant, { sshKeyId: key.id });
    const detail = await getInstance(tenant, { instanceId: id });
    expect(detail.sshKeys).toEqual([{ id: key.id, name: "laptop", fingerprint: key.fingerprint, deleted: true }]);
    const context = testContext(database.worker);
    const seed = await inTransaction(context, (tx) => seedFiles(tx, context, id));
    expect(seed.label).toBe("cidata");
    expect(seed.files["meta-data"]).toBe(`instance-id: "${id}-1"\nlocal-hostname: "web-1"\npublic-keys:\n  - "${ED25519}"\n`);
    expect(seed.files["user-data"]).toBe("#!/bin/sh\necho hi\n");
    expect(seed.files["network-config"]).toBe(
      `version: 2\nethernets:\n  nic0:\n    match:\n      macaddress: "${detail.addresses[0]!.mac}"\n    set-name: eth0\n    addresses:\n      - "${privateIp}/16"\n    routes:\n      - to: "0.0.0.0/0"\n        via: "10.20.0.1"\n    nameservers:\n      addresses:\n        - "10.20.0.2"\n`,
    );
  });
});
