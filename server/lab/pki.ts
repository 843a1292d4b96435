import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Layout } from "./layout";
import { command } from "./run-command";

/** Ten years: a lab's certificates die with its folder, so expiry is not what is tried here. */
const validDays = "3650";

export interface Certificate {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** Makes the lab's own authority once. Elliptic keys: made in milliseconds, also on a slow machine. */
export async function ensureAuthority(directory: string): Promise<void> {
  const folder = path.join(directory, "pki");
  if (existsSync(path.join(folder, "ca.crt"))) return;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await command("openssl", [
    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", validDays,
    "-subj", "/CN=Berth lab authority", "-keyout", path.join(folder, "ca.key"), "-out", path.join(folder, "ca.crt"),
    "-addext", "keyUsage=critical,keyCertSign,cRLSign",
  ]);
}

/** Issues a certificate signed by the lab's authority, or reads the one that is there. */
export async function issueCertificate(directory: string, commonName: string, addresses: readonly string[]): Promise<Certificate> {
  await ensureAuthority(directory);
  const folder = path.join(directory, "pki");
  const file = (extension: string) => path.join(folder, `${commonName}.${extension}`);
  if (!existsSync(file("crt"))) {
    // libvirtd refuses a certificate without keyEncipherment, although elliptic keys have no use for it.
    const names = [`DNS:${commonName}`, ...addresses.map((address) => `IP:${address}`)].join(",");
    await writeFile(file("ext"), `subjectAltName=${names}\nkeyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth,clientAuth\n`);
    await command("openssl", [
      "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
      "-subj", `/CN=${commonName}`, "-keyout", file("key"), "-out", file("csr"),
    ]);
    await command("openssl", [
      "x509", "-req", "-in", file("csr"), "-CA", path.join(folder, "ca.crt"), "-CAkey", path.join(folder, "ca.key"),
      "-CAcreateserial", "-days", validDays, "-extfile", file("ext"), "-out", file("crt"),
    ]);
  }
  const text = (name: string) => readFile(name, "utf8");
  return { ca: await text(path.join(folder, "ca.crt")), certificate: await text(file("crt")), key: await text(file("key")) };
}

/** Lays a host's certificates where libvirt looks for them: as a server, and as a client towards other hosts (migration). */
export async function hostPki(layout: Layout, host: string): Promise<void> {
  const made = await issueCertificate(layout.options.directory, host, [layout.address(host)]);
  const pki = path.join(layout.hostDirectory(host), "pki");
  await mkdir(path.join(pki, "CA"), { recursive: true });
  await mkdir(path.join(pki, "libvirt", "private"), { recursive: true });
  await copyFile(path.join(layout.options.directory, "pki", "ca.crt"), path.join(pki, "CA", "cacert.pem"));
  for (const role of ["server", "client"]) {
    await writeFile(path.join(pki, "libvirt", `${role}cert.pem`), made.certificate);
    await writeFile(path.join(pki, "libvirt", "private", `${role}key.pem`), made.key, { mode: 0o600 });
  }
}
