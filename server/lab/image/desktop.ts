import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { buildDebianDisk, cachedDebianDisk, type DebianImage, type DebianRecipe } from "./debian-disk";
import type { BuildOptions } from "./tiny";

/** X with a light window manager, terminal, file manager, editor and browser; the guest agent and the agent of the clipboard. */
export type DesktopImage = DebianImage;

/** Where the files of the folder `desktop/` go. */
const files: Readonly<Record<string, string>> = {
  "berth-first-boot": "usr/local/sbin/berth-first-boot",
  "berth-session": "usr/local/bin/berth-session",
  "berth-follow-size": "usr/local/bin/berth-follow-size",
  "berth-input": "usr/local/bin/berth-input",
  "berth-new-language": "usr/local/sbin/berth-new-language",
  "fcitx5-xcb.conf": "etc/xdg/fcitx5/conf/xcb.conf",
  "berth-desktop.service": "etc/systemd/system/berth-desktop.service",
  "berth-first-boot.service": "etc/systemd/system/berth-first-boot.service",
  // Debian's icewm looks here, and not in /etc/icewm as its manual says.
  "icewm-preferences": "etc/X11/icewm/preferences",
  "icewm-toolbar": "etc/X11/icewm/toolbar",
};
const programs = ["berth-first-boot", "berth-session", "berth-follow-size", "berth-input", "berth-new-language"];

/** The kernel for clouds has no driver of screens, so this one has all drivers, and those of hardware that a virtual machine never has are left out. */
const drivers = [
  "gpu/drm/amd", "gpu/drm/i915", "gpu/drm/nouveau", "gpu/drm/radeon", "gpu/drm/vmwgfx", "gpu/drm/gma500", "media", "infiniband", "iio", "staging", "isdn", "bluetooth", "hwmon", "mtd",
  "nfc", "platform", "thunderbolt", "comedi", "net/wireless", "net/ethernet", "scsi/qla2xxx", "scsi/lpfc", "scsi/mpt3sas", "scsi/aic7xxx", "usb/serial", "accel",
];

/** Translations of programs into other languages than those that a person can choose. dpkg has no word for "all but this one". */
const translations = ["/usr/share/locale/[!j]*", "/usr/share/locale/j[!a]*"];

/** The bus would start the input method without a screen for the first program that asks for it, whatever the person's language; berth-input starts it. */
const byItself = "/usr/share/dbus-1/services/org.fcitx.Fcitx5.service";

async function recipe(): Promise<DebianRecipe> {
  const own = Object.entries(files).map(async ([name, target]) => [target, await readFile(fileURLToPath(new URL(`desktop/${name}`, import.meta.url)), "utf8")] as const);
  return {
    name: "desktop",
    title: "Debian desktop image",
    sizeMiB: 2560,
    kernelPackage: "linux-image-amd64",
    packages: [
      "systemd-sysv", "udev", "dbus", "dbus-user-session", "dbus-x11", "libpam-systemd", "kmod", "initramfs-tools", "zstd", "qemu-guest-agent", "openssh-client", "iproute2", "iputils-ping", "netbase", "ca-certificates",
      "e2fsprogs", "cloud-guest-utils", "fdisk", "less", "nano", "tzdata", "kbd", "xserver-xorg-core", "xserver-xorg-input-libinput", "xserver-xorg-legacy", "xinit", "x11-xserver-utils", "x11-utils", "xclip", "spice-vdagent",
      "icewm", "xterm", "pcmanfm", "mousepad", "netsurf-gtk", "fonts-dejavu-core", "fonts-vlgothic",
      // Languages, layouts and Japanese input: which of them a person gets is said by the portal, through the agent.
      "locales", "x11-xkb-utils", "fcitx5", "fcitx5-mozc", "fcitx5-frontend-gtk2", "fcitx5-frontend-gtk3",
    ],
    leftOut: ["/usr/share/man/*", "/usr/share/doc/*", ...translations, byItself, "/lib/modules/*/kernel/sound/soc/*", "/lib/modules/*/kernel/net/wireless/*", ...drivers.map((name) => `/lib/modules/*/kernel/drivers/${name}/*`)],
    enabled: ["systemd-networkd", "qemu-guest-agent", "serial-getty@ttyS0", "berth-first-boot", "berth-desktop"],
    masked: ["systemd-networkd-wait-online.service", "apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_reap.service", "e2scrub_all.timer", "getty@tty1.service"],
    files: {
      ...Object.fromEntries(await Promise.all(own)),
      "etc/fstab": "LABEL=root / ext4 defaults,noatime 0 1\n",
      "etc/hostname": "localhost\n",
      "etc/hosts": "127.0.0.1 localhost\n",
      "etc/locale.gen": "en_US.UTF-8 UTF-8\nja_JP.UTF-8 UTF-8\n",
      "etc/default/locale": "LANG=en_US.UTF-8\n",
      "etc/default/keyboard": "XKBMODEL=pc105\nXKBLAYOUT=us\n",
      "etc/X11/icewm/theme": 'Theme="NanoBlue/default.theme"\n',
      "etc/initramfs-tools/conf.d/berth": "MODULES=list\nCOMPRESS=zstd\n",
      "etc/initramfs-tools/modules": "virtio_pci\nvirtio_blk\nvirtio_scsi\nsd_mod\next4\n",
      // The screen belongs to a service, not to a person who signed in on it.
      "etc/X11/Xwrapper.config": "allowed_users=anybody\n",
      "etc/udev/rules.d/60-berth-console.rules": 'KERNEL=="ttyS0", MODE="0666"\n',
      // The channel comes and goes with the console; the daemon ends when it goes.
      "etc/systemd/system/spice-vdagentd.service.d/berth.conf": "[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestart=always\nRestartSec=2\n",
    },
    programs: programs.flatMap((name) => files[name] ?? []),
    inside: [
      "locale-gen",
      "useradd -m -s /bin/bash -G video,audio,input desk", "passwd -l root >/dev/null",
      // What is brought in from the portal lies there, and what should go out is laid there. Not below the person's own folder: they could put a link in its place.
      "install -d -o desk -g desk /transfer", "ln -s /transfer ~desk/Transfer", "systemctl set-default multi-user.target",
    ],
  };
}

/** Builds the Debian desktop image from the machine's own apt sources, or takes it from the cache. Takes minutes. */
export async function buildDesktopImage(options: BuildOptions): Promise<DesktopImage> {
  return buildDebianDisk(await recipe(), options);
}

/** The desktop image if it was built already; null otherwise. */
export async function cachedDesktopImage(directory: string): Promise<DesktopImage | null> {
  return cachedDebianDisk(await recipe(), directory);
}
