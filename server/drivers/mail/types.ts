/** The mail door. `send` resolves when somebody else has taken the message over; rejects with `DriverError`. */
export interface MailDriver {
  readonly kind: "log" | "smtp";
  send(message: MailMessage): Promise<void>;
}

export interface MailMessage {
  /** The same id sent twice is one message. */
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  /** Plain text. */
  readonly text: string;
}
