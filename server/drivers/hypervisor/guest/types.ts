/** Languages that a guest's programs can be told to speak, as POSIX names them. */
export type GuestLocale = "en_US.UTF-8" | "ja_JP.UTF-8" | "C.UTF-8";
/** Layouts of keyboards, as X names them; `jp` is JIS. */
export type GuestKeyboard = "us" | "jp";

/** Who a guest is, and whose. */
export interface GuestPersonality {
  readonly hostName: string;
  /** A name of the IANA list. */
  readonly timeZone: string;
  /** Seconds since 1970 where the guest's clock is to be set with it; null where it is set otherwise. */
  readonly timeSeconds: number | null;
  /** The full name of its first account of a person, without colons, commas and line breaks; null leaves it. */
  readonly fullName: string | null;
  readonly locale: GuestLocale;
  readonly keyboard: GuestKeyboard;
}

/** `no-tools`: the guest has no programs for it. `not-installed`: it does not have this one. `no-account`: it has no account of a person. */
export const PERSONAL_OUTCOMES = ["applied", "no-tools", "not-installed", "no-account", "failed"] as const;
export type PersonalOutcome = (typeof PERSONAL_OUTCOMES)[number];

/** What became of each part. */
export type PersonalityReport = Readonly<Record<"hostName" | "timeZone" | "fullName" | "locale" | "keyboard", PersonalOutcome>>;

/** A file of the folder in which a guest and its person exchange files: `/transfer` in the guest. */
export interface GuestFile {
  /** Without a folder. */
  readonly name: string;
  readonly sizeBytes: number;
}

export interface GuestFilePart {
  readonly name: string;
  readonly offsetBytes: number;
  /** At most `GUEST_FILE_PART_BYTES`. */
  readonly lengthBytes: number;
}

export interface GuestFileWrite {
  readonly name: string;
  /** Where it belongs: what was brought in before. 0 begins anew. */
  readonly offsetBytes: number;
  readonly data: Buffer;
  readonly isLast: boolean;
}

/**
 * The most that one call carries. As base64 it is 64 KiB, which libvirtd hands to the guest's agent in one piece; with a mebibyte, which QEMU's agent takes in a second, libvirtd
 * waited in vain for fifteen.
 */
export const GUEST_FILE_PART_BYTES = 49_152;
