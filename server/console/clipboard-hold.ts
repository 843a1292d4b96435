/** How the guest's end of a clipboard stands: it listens, it does not yet, or the machine has none. */
export type ClipboardState = "open" | "waiting" | "none";

const LOOK_AGAIN_MS = 1_000;
/** Longer than a desktop's first boot on a busy machine, after which its agent is there or never will be. */
const GIVE_UP_MS = 300_000;
/** Between the opening of its channel and the first thing that the guest's agent says of itself, without which a text is dropped still. */
const SETTLE_MS = 700;

export interface HoldOptions {
  readonly look: () => Promise<ClipboardState>;
  /** Gives the machine a whole message once more. */
  readonly repeat: (message: Buffer) => void;
  /** The machine could not be asked. */
  readonly failed: (error: unknown) => void;
}

/**
 * Keeps the newest word of a text until the guest's agent listens: the machine drops what is said before that, and a guest finds its channel seconds after its screen. The machine is
 * asked only while there is something to keep.
 */
export class ClipboardHold {
  private newest: Buffer | null = null;
  private isOpen = false;
  private watching = false;
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;

  constructor(private readonly options: HoldOptions) {}

  /** The client has said this of a text; it went to the machine already. */
  said(message: Buffer): void {
    if (this.isOpen || this.stopped) return;
    this.newest = Buffer.from(message);
    if (this.watching) return;
    this.watching = true;
    this.look(performance.now() + GIVE_UP_MS, false);
  }

  stop(): void {
    this.stopped = true;
    this.newest = null;
    if (this.timer) clearTimeout(this.timer);
  }

  private look(deadline: number, waited: boolean): void {
    this.options.look().then(
      (state) => this.seen(state, deadline, waited),
      (error: unknown) => {
        // It moves, or its host does not answer: the next console asks again.
        this.options.failed(error);
        this.watching = false;
      },
    );
  }

  private seen(state: ClipboardState, deadline: number, waited: boolean): void {
    if (this.stopped) return;
    if (state === "waiting" && performance.now() < deadline) {
      this.timer = setTimeout(() => this.look(deadline, true), LOOK_AGAIN_MS);
      return;
    }
    this.isOpen = state === "open";
    this.watching = false;
    if (this.isOpen && waited) {
      this.timer = setTimeout(() => {
        if (this.newest && !this.stopped) this.options.repeat(this.newest);
        this.newest = null;
      }, SETTLE_MS);
    } else this.newest = null;
  }
}
