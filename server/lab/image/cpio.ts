/** One entry of an initial RAM file system. */
export type CpioEntry =
  | { readonly kind: "directory"; readonly path: string; readonly mode: number }
  | { readonly kind: "file"; readonly path: string; readonly mode: number; readonly content: Buffer }
  | { readonly kind: "link"; readonly path: string; readonly target: string };

const typeBits = { directory: 0o040000, file: 0o100000, link: 0o120000 } as const;

/**
 * Writes the "newc" archive that Linux unpacks as its initial RAM file system (kernel documentation,
 * driver-api/early-userspace/buffer-format): everything owned by root, every time stamp zero, so that equal input
 * gives equal bytes.
 */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const parts: Buffer[] = [];
  entries.forEach((entry, index) => {
    const content = entry.kind === "file" ? entry.content : Buffer.from(entry.kind === "link" ? entry.target : "");
    const mode = typeBits[entry.kind] | (entry.kind === "link" ? 0o777 : entry.mode);
    parts.push(header(entry.path, mode, index + 1, content.length), padded(content));
  });
  parts.push(header("TRAILER!!!", 0, 0, 0));
  return Buffer.concat(parts);
}

function header(path: string, mode: number, inode: number, size: number): Buffer {
  const name = Buffer.from(`${path}\0`);
  const links = (mode & 0o170000) === typeBits.directory ? 2 : 1;
  // inode, mode, uid, gid, links, mtime, size, device (2), special device (2), name length, checksum (unused)
  const fields = [inode, mode, 0, 0, links, 0, size, 0, 0, 0, 0, name.length, 0];
  const text = `070701${fields.map((field) => field.toString(16).toUpperCase().padStart(8, "0")).join("")}`;
  return padded(Buffer.concat([Buffer.from(text), name]));
}

/** Header with name, and content, each fill up to a multiple of four bytes. */
function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
