import { encodeFrame, type FrameHeader, MESSAGE_STATUS, MESSAGE_TYPE, PROGRAM } from "./frame";

const PING = 1;
const PONG = 2;

export interface KeepaliveOptions {
  /** Silence after which the host is asked, milliseconds. */
  readonly intervalMs: number;
  /** Questions without any sign of life before the connection is given up. */
  readonly count: number;
}

/** 1 s x 3 notices a partition in under 5 s, well inside the host grace, and costs 28 bytes a second at most. */
export const DEFAULT_KEEPALIVE: KeepaliveOptions = { intervalMs: 1000, count: 3 };

const message = (procedure: number): Buffer => encodeFrame({
  program: PROGRAM.keepalive,
  version: 1,
  procedure,
  type: MESSAGE_TYPE.event,
  serial: 0,
  status: MESSAGE_STATUS.ok,
}, Buffer.alloc(0));

/** Asks a silent host whether it is there. Any traffic counts as an answer. */
export class Keepalive {
  private unanswered = 0;
  private heardSinceTick = true;
  /** While we ourselves do not read, silence says nothing about the host. */
  deaf = false;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly options: KeepaliveOptions,
    private readonly send: (frame: Buffer) => void,
    onDead: (silentMs: number) => void,
  ) {
    this.timer = setInterval(() => {
      if (this.heardSinceTick || this.deaf) {
        this.heardSinceTick = false;
        this.unanswered = 0;
        return;
      }
      if (this.unanswered >= options.count) {
        this.stop();
        onDead((this.unanswered + 1) * options.intervalMs);
        return;
      }
      this.unanswered += 1;
      this.send(message(PING));
    }, options.intervalMs);
    this.timer.unref();
  }

  /** Called for every arriving chunk. */
  heard(): void {
    this.heardSinceTick = true;
    this.unanswered = 0;
  }

  /** Answers the host's own question. */
  receive(header: FrameHeader): void {
    if (header.procedure === PING) this.send(message(PONG));
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
