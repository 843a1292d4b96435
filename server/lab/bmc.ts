import { chmod, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { startDaemon, stopDaemon } from "./daemon";
import type { Layout } from "./layout";
import { labMark } from "./power";

const hook = fileURLToPath(new URL("./bmc-hook.sh", import.meta.url));

function folderOf(layout: Layout, host: string): string {
  return path.join(layout.hostDirectory(host), "bmc");
}

/** Starts the fake management controller of a host (OpenIPMI's simulator), or keeps the one that runs. */
export async function startBmc(layout: Layout, host: string): Promise<void> {
  const folder = folderOf(layout, host);
  const { bmc } = layout.host(host);
  await mkdir(path.join(folder, "state"), { recursive: true });
  // The simulator runs its hook without a shell of ours in between, so the folder is put into a small script of the host's own.
  const script = path.join(folder, "chassis");
  await writeFile(script, `#!/bin/sh\nexec sh '${hook.replaceAll("'", `'\\''`)}' '${layout.hostDirectory(host).replaceAll("'", `'\\''`)}' "$@"\n`);
  await chmod(script, 0o700);
  const authentications = ["callback", "user", "operator", "admin"].map((level) => `    allowed_auths_${level} none md2 md5 straight`).join("\n");
  await writeFile(
    path.join(folder, "lan.conf"),
    `name "bmc-${host}"
set_working_mc 0x20
  startlan 1
    addr ${bmc.address} ${bmc.port}
    priv_limit admin
${authentications}
    guid be12${String(layout.options.subnetIndex).padStart(4, "0")}00000000000000000000000${host.slice(1)}
  endlan
  chassis_control "./chassis 0x20"
  user 1 true "" "" user 10 none md2 md5 straight
  user 2 true "${bmc.username}" "${bmc.password}" admin 10 none md2 md5 straight
`,
    { mode: 0o600 },
  );
  await writeFile(path.join(folder, "mc.emu"), "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\nsel_enable 0x20 1000 0x0a\nmc_enable 0x20\n");
  await startDaemon(path.join(folder, "pid"), "ipmi_sim", ["-c", "lan.conf", "-f", "mc.emu", "-s", "state", "-n"], {
    cwd: folder,
    env: labMark(layout),
    log: path.join(folder, "log"),
  });
}

export async function stopBmc(layout: Layout, host: string): Promise<void> {
  await stopDaemon(path.join(folderOf(layout, host), "pid"));
}
