/** What a disk image file says of itself. */
export interface DiskImageFacts {
  readonly virtualSizeBytes: number;
  readonly fileSizeBytes: number;
  /** Another file that the image refers to for its content; null = none. */
  readonly backingFile: string | null;
  readonly dataFile: string | null;
  readonly encrypted: boolean;
  /** Marked by its own header as damaged. */
  readonly corrupt: boolean;
}

/** The file is not of the format that it was said to have; the words are the inspector's own. */
export interface NotThatFormat {
  readonly invalid: string;
}

/**
 * Reads the header of a disk image file. The format is given and never guessed: a guess is a way to read other files.
 * Rejects with `DriverError` when the file could not be looked at.
 */
export interface DiskImageInspector {
  inspect(path: string, format: "qcow2" | "raw"): Promise<DiskImageFacts | NotThatFormat>;
}
