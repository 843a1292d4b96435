import { buildDebianDisk, type DebianImage, type DebianRecipe } from "./debian-disk";
import type { BuildOptions } from "./tiny";

/** Boots by itself under a BIOS; cloud-init grows the root file system to the disk at first boot. */
export type ServerImage = DebianImage;

const recipe: DebianRecipe = {
  name: "server",
  title: "Debian server image",
  sizeMiB: 1536,
  kernelPackage: "linux-image-cloud-amd64",
  packages: [
    "systemd-sysv", "udev", "dbus", "libpam-systemd", "kmod", "initramfs-tools", "zstd", "cloud-init", "qemu-guest-agent", "openssh-server",
    "iproute2", "iputils-ping", "netbase", "ca-certificates", "sudo", "e2fsprogs", "cloud-guest-utils", "less", "nano",
  ],
  // Documents, translations and drivers of hardware that a virtual machine never has.
  leftOut: [
    "/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/lib/modules/*/kernel/sound/*", "/lib/modules/*/kernel/drivers/gpu/*",
    "/lib/modules/*/kernel/drivers/media/*", "/lib/modules/*/kernel/drivers/net/wireless/*", "/lib/modules/*/kernel/drivers/infiniband/*",
  ],
  enabled: ["systemd-networkd", "qemu-guest-agent", "ssh", "serial-getty@ttyS0"],
  // Services that would only cost a small guest time: waiting for the network, and package timers.
  masked: ["systemd-networkd-wait-online.service", "apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_reap.service", "e2scrub_all.timer"],
  files: {
    "etc/fstab": "LABEL=root / ext4 defaults,noatime 0 1\n",
    "etc/hostname": "localhost\n",
    "etc/initramfs-tools/conf.d/berth": "MODULES=list\nCOMPRESS=zstd\n",
    "etc/initramfs-tools/modules": "virtio_pci\nvirtio_blk\nvirtio_scsi\nsd_mod\next4\n",
    // The seed is the only source; looking for others costs seconds at each boot. The locales package is not installed.
    "etc/cloud/cloud.cfg.d/90_berth.cfg": "datasource_list: [ NoCloud, None ]\nlocale: false\n",
  },
  programs: [],
  inside: [],
};

/** Builds the Debian server image from the machine's own apt sources, or takes it from the cache. Takes minutes. */
export function buildServerImage(options: BuildOptions): Promise<ServerImage> {
  return buildDebianDisk(recipe, options);
}
