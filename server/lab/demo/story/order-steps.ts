import { generateKeyPairSync } from "node:crypto";
import { grabFrame } from "../screen-frame";
import { inGuest, readInstance, smallImage, until, untilStatus, type Stage } from "./stage";

const BOOT_TIMEOUT_MS = 120_000;
/** One pixel value would be an empty screen. */
const MIN_COLOURS = 2;

/** A throw-away key in OpenSSH's own form (RFC 4253, section 6.6; RFC 8709 for Ed25519). */
function makePublicKey(comment: string): string {
  const raw = generateKeyPairSync("ed25519").publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const field = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  return `ssh-ed25519 ${Buffer.concat([field(Buffer.from("ssh-ed25519")), field(raw)]).toString("base64")} ${comment}`;
}

/** The tenant orders a machine: a flavor, an image, an SSH key, user data. */
export async function order(stage: Stage): Promise<Record<string, unknown>> {
  const { api } = stage.tenant;
  const { organization } = stage;
  const flavor = (await api.catalog.flavors.query({ organization })).find((candidate) => candidate.name === "micro-1");
  const image = await smallImage(stage);
  if (!flavor) throw new Error("The catalog has no flavor micro-1.");
  const key = await api.sshKeys.add.mutate({ organization, name: `demo-${Date.now()}`, publicKey: makePublicKey("demo@berth") });
  const ordered = await api.instances.create.mutate({
    organization,
    name: `web-${Date.now().toString(36)}`,
    flavorId: flavor.id,
    imageId: image.id,
    sshKeyIds: [key.id],
    userData: "#!/bin/sh\necho ordered-through-berth > /run/berth-user-data\n",
  });
  stage.instanceId = ordered.id;
  return { instanceId: ordered.id, name: ordered.name, flavor: flavor.name, image: image.name, status: ordered.status };
}

export async function running(stage: Stage): Promise<Record<string, unknown>> {
  const instance = await untilStatus(stage, stage.instanceId, "running", BOOT_TIMEOUT_MS);
  return { status: instance.status, privateIp: instance.privateIp };
}

/** The boot marker on the serial console, and an answer of the agent inside. */
export function guestAlive(stage: Stage): Promise<Record<string, unknown>> {
  return inGuest(stage, stage.instanceId, async (guest) => {
    const marker = await guest.waitForSerial(`BERTH-BOOTED instance=${stage.instanceId}`, BOOT_TIMEOUT_MS);
    await until("the guest agent answers", BOOT_TIMEOUT_MS, async () => {
      await guest.ping();
      return true;
    });
    const hostname = await guest.run("hostname");
    return { marker, agent: "answered", hostname };
  });
}

/** A one-time ticket opens the screen through the gateway; the same ticket opens nothing a second time. */
export async function consoleFrame(stage: Stage): Promise<Record<string, unknown>> {
  const { url } = await stage.tenant.api.console.ticket.mutate({ organization: stage.organization, instanceId: stage.instanceId, kind: "vnc" });
  const frame = await grabFrame(url, stage.origin, 20_000);
  const again = await grabFrame(url, stage.origin, 5_000).then(
    () => "accepted",
    () => "refused",
  );
  return { ok: frame.colours >= MIN_COLOURS && again === "refused", width: frame.width, height: frame.height, colours: frame.colours, usedTicket: again };
}

/** More of everything while it runs, seen from inside. */
export async function resize(stage: Stage): Promise<Record<string, unknown>> {
  const { organization } = stage;
  const before = await readInstance(stage, stage.instanceId);
  const flavor = (await stage.tenant.api.catalog.flavors.query({ organization })).find((candidate) => candidate.name === "micro-2");
  if (!flavor) throw new Error("The catalog has no flavor micro-2.");
  const diskGiB = before.diskGiB + 1;
  const look = (): Promise<{ vcpus: number; memoryMiB: number; diskGiB: number }> =>
    inGuest(stage, stage.instanceId, async (guest) => ({
      vcpus: Number(await guest.run("nproc")),
      memoryMiB: Math.round(Number((await guest.run("cat /proc/meminfo")).match(/MemTotal:\s+(\d+)/)?.[1]) / 1024),
      diskGiB: Number(await guest.run("blockdev --getsize64 /dev/vda")) / 2 ** 30,
    }));
  const inside = { before: await look(), after: { vcpus: 0, memoryMiB: 0, diskGiB: 0 } };
  const { effect } = await stage.tenant.api.instances.resize.mutate({ organization, instanceId: stage.instanceId, flavorId: flavor.id, diskGiB });
  const grown = flavor.memoryMiB - before.memoryMiB;
  await until("the guest sees its new size", 60_000, async () => {
    inside.after = await look();
    const { after } = inside;
    // A kernel keeps a little of each memory block for itself.
    return after.vcpus === flavor.vcpus && after.diskGiB === diskGiB && after.memoryMiB - inside.before.memoryMiB > grown * 0.9;
  }, 500);
  await untilStatus(stage, stage.instanceId, "running", 30_000);
  const sizes = (size: { vcpus: number; memoryMiB: number; diskGiB: number }): string => `${size.vcpus} vCPU, ${size.memoryMiB} MiB, ${size.diskGiB} GiB`;
  return { ok: effect === "live", effect, before: sizes(inside.before), after: sizes(inside.after) };
}
