import { createTransport } from "nodemailer";
import { DriverError, type DriverErrorCode } from "../../errors";
import type { MailDriver } from "../types";

/** A mail server that says nothing for this long is taken for gone; the outbox tries again later. */
const SILENCE_MS = 20_000;

export interface SmtpOptions {
  /** `smtp://user:password@host:587` (STARTTLS where offered) or `smtps://...:465`. */
  readonly url: string;
  /** The sender, `Berth <no-reply@portal.example>`. */
  readonly from: string;
  readonly silenceMs?: number;
}

/**
 * Hands messages to a mail server. The Message-ID is made of the message's own id, so that a second delivery of the same message (it is
 * tried again when the answer was lost) is known as a duplicate by the receiving side.
 */
export function smtpMail(options: SmtpOptions): MailDriver {
  const silenceMs = options.silenceMs ?? SILENCE_MS;
  const transport = createTransport({ url: options.url, connectionTimeout: silenceMs, greetingTimeout: silenceMs, socketTimeout: silenceMs });
  const domain = /@([^>\s]+)/.exec(options.from)?.[1] ?? "localhost";
  const server = new URL(options.url).host;
  return {
    kind: "smtp",
    async send({ id, to, subject, text }) {
      try {
        await transport.sendMail({ from: options.from, to, subject, text, messageId: `<${id}@${domain}>`, headers: { "Auto-Submitted": "auto-generated" } });
      } catch (error) {
        throw asDriverError(error, server, to);
      }
    },
  };
}

function asDriverError(error: unknown, server: string, to: string): DriverError {
  if (!(error instanceof Error)) return new DriverError("failed", `The message to ${to} was not handed to ${server}: ${String(error)}`);
  // What nodemailer tells of a failure; it does not promise any of it.
  const code: unknown = "code" in error ? error.code : null;
  const responseCode: unknown = "responseCode" in error ? error.responseCode : null;
  const [kind, advice] = verdict(code, responseCode);
  return new DriverError(kind, `The message to ${to} was not handed to the mail server ${server}: ${error.message}. ${advice}`, { code, responseCode }, { cause: error });
}

function verdict(code: unknown, responseCode: unknown): readonly [DriverErrorCode, string] {
  if (code === "EAUTH") return ["refused", "Check the user and password in SMTP_URL."];
  // RFC 5321, 4.2.1: 5yz will not change by itself, 4yz may.
  if (typeof responseCode === "number" && responseCode >= 500) return ["invalid", "The server will not take it as it is: check the address, and MAIL_FROM."];
  if (typeof responseCode === "number" && responseCode >= 400) return ["failed", "The server may take it later."];
  if (code === "ETIMEDOUT") return ["timeout", "Check that the server answers there."];
  if (code === "EENVELOPE") return ["invalid", "Check the address."];
  return ["unreachable", "Check the address in SMTP_URL, the firewall, and that the server runs."];
}
