import { open, readFile, stat, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { command } from "../run-command";

const SECTOR = 512;
/** The partition starts at 1 MiB as every tool expects; the boot loader lies in the gap before it. */
const PARTITION_START = 2048;
const GRUB = "/usr/lib/grub/i386-pc";
const MODULES = ["biosdisk", "part_msdos", "ext2", "search", "search_label", "configfile", "normal", "linux", "echo", "boot"];

/** Lays out a disk that a BIOS boots by itself: master boot record, boot loader in the gap, one ext4 partition with `tree` in it. No loop device, no mount. */
export async function makeBootDisk(tree: string, disk: string, sizeMiB: number, work: string): Promise<void> {
  const partitionSectors = (sizeMiB * 1024 * 1024) / SECTOR - PARTITION_START;
  await writeFile(disk, "");
  await truncate(disk, sizeMiB * 1024 * 1024);
  await command("mkfs.ext4", ["-q", "-F", "-L", "root", "-E", `offset=${PARTITION_START * SECTOR},lazy_itable_init=0`, "-d", tree, disk, `${(partitionSectors * SECTOR) / 1024}k`], { timeoutMs: 600_000 });
  const early = path.join(work, "early.cfg");
  await writeFile(early, "search --no-floppy --label root --set=root\nset prefix=($root)/boot/grub\nconfigfile ($root)/boot/grub/grub.cfg\n");
  const coreFile = path.join(work, "core.img");
  await command("grub-mkimage", ["-O", "i386-pc", "-o", coreFile, "-c", early, "-p", "/boot/grub", ...MODULES]);
  const core = await coreImage(coreFile);
  const handle = await open(disk, "r+");
  try {
    await handle.write(await bootRecord(partitionSectors), 0, SECTOR, 0);
    await handle.write(core, 0, core.length, SECTOR);
  } finally {
    await handle.close();
  }
}

/** GRUB's first sector, told where the second one is (grub-core/boot/i386/pc/boot.S gives the offsets), with a partition table. */
async function bootRecord(partitionSectors: number): Promise<Buffer> {
  const record = Buffer.from(await readFile(path.join(GRUB, "boot.img")));
  record.writeBigUInt64LE(1n, 0x5c);
  // A jump that guards against broken floppy firmware is taken out for hard disks, as grub-install does.
  record.writeUInt16LE(0x9090, 0x66);
  record.fill(0, 440, 510);
  const entry = 446;
  record.writeUInt8(0x80, entry);
  Buffer.from([0xfe, 0xff, 0xff]).copy(record, entry + 1);
  record.writeUInt8(0x83, entry + 4);
  Buffer.from([0xfe, 0xff, 0xff]).copy(record, entry + 5);
  record.writeUInt32LE(PARTITION_START, entry + 8);
  record.writeUInt32LE(partitionSectors, entry + 12);
  record.writeUInt16LE(0xaa55, 510);
  return record.subarray(0, SECTOR);
}

/** The second stage, whose first sector lists where the rest lies: right behind it (grub-core/boot/i386/pc/diskboot.S). */
async function coreImage(file: string): Promise<Buffer> {
  const sectors = Math.ceil((await stat(file)).size / SECTOR);
  if (sectors >= PARTITION_START - 1) throw new Error(`GRUB's core image has ${sectors} sectors, and only ${PARTITION_START - 1} lie before the first partition.`);
  const core = Buffer.alloc(sectors * SECTOR);
  (await readFile(file)).copy(core);
  core.writeBigUInt64LE(2n, 0x1f4);
  core.writeUInt16LE(sectors - 1, 0x1fc);
  core.writeUInt16LE(0x820, 0x1fe);
  return core;
}
