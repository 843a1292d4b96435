import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SMTPServer } from "smtp-server";
import { logMail } from "@/server/drivers/mail/log";
import { smtpMail } from "@/server/drivers/mail/smtp";
import type { MailDriver } from "@/server/drivers/mail/types";
import { silentLogger } from "@/server/platform/logger";

interface Received {
  readonly from: string;
  readonly to: readonly string[];
  readonly source: string;
}

const MESSAGE = { id: "out_01message", to: "new@acme.test", subject: "招待 to Acme", text: "こんにちは\nhttps://portal.test/invitations/the-secret\n.a line that begins with a dot\n" };
const FROM = "Berth <no-reply@portal.test>";

/** A mail server that takes one user, refuses one address for good and one for now. */
function startMailServer(received: Received[]): Promise<{ readonly server: SMTPServer; readonly port: number }> {
  const server = new SMTPServer({
    disabledCommands: ["STARTTLS"],
    authOptional: false,
    onAuth: ({ username, password }, _session, done) => (username === "berth" && password === "right" ? done(null, { user: username }) : done(new Error("Invalid username or password"))),
    onRcptTo: ({ address }, _session, done) => {
      if (address.startsWith("nobody")) return done(Object.assign(new Error("no such mailbox"), { responseCode: 550 }));
      if (address.startsWith("full")) return done(Object.assign(new Error("mailbox is full"), { responseCode: 452 }));
      return done();
    },
    onData: (stream, session, done) => {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        received.push({ from: mailFrom ? mailFrom.address : "", to: rcptTo.map(({ address }) => address), source: Buffer.concat(parts).toString("utf8") });
        done();
      });
    },
  });
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => resolve({ server, port: (server.server.address() as AddressInfo).port }));
  });
}

/** The text of a message with one part, whatever its transfer encoding. */
function bodyOf(source: string): string {
  const [head = "", ...rest] = source.split("\r\n\r\n");
  const body = rest.join("\r\n\r\n");
  const plain = /content-transfer-encoding:\s*base64/i.test(head)
    ? Buffer.from(body, "base64").toString("utf8")
    : /quoted-printable/i.test(head)
      ? Buffer.from(body.replaceAll(/=\r\n/g, "").replaceAll(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))), "latin1").toString("utf8")
      : body;
  return plain.replaceAll("\r\n", "\n").trimEnd();
}

const received: Received[] = [];
let smtp: SMTPServer;
let port = 0;

beforeAll(async () => {
  ({ server: smtp, port } = await startMailServer(received));
});
afterAll(() => new Promise<void>((resolve) => smtp.close(() => resolve())));

const url = (password = "right", at = port): string => `smtp://berth:${password}@127.0.0.1:${at}`;

/** What every driver of this door does. */
describe.each<[string, () => MailDriver]>([
  ["log", () => logMail(silentLogger)],
  ["smtp", () => smtpMail({ url: url(), from: FROM })],
])("the mail door: %s", (kind, make) => {
  it("says what it is, takes a message, and takes it again without harm", async () => {
    const driver = make();
    expect(driver.kind).toBe(kind);
    await driver.send(MESSAGE);
    await driver.send(MESSAGE);
  });
});

describe("the log driver", () => {
  it("writes to whom and about what, and never the text, which may hold a secret", async () => {
    const lines: unknown[] = [];
    const logger = silentLogger.child({});
    logger.info = (...said: unknown[]) => void lines.push(said);
    await logMail(logger).send(MESSAGE);
    expect(JSON.stringify(lines)).toContain(MESSAGE.to);
    expect(JSON.stringify(lines)).not.toContain("the-secret");
  });
});

describe("the SMTP driver", () => {
  it("hands over sender, address, subject and text in any script, under one Message-ID", async () => {
    received.length = 0;
    const driver = smtpMail({ url: url(), from: FROM });
    await driver.send(MESSAGE);
    await driver.send(MESSAGE);
    expect(received.map(({ from, to }) => [from, to])).toEqual([["no-reply@portal.test", ["new@acme.test"]], ["no-reply@portal.test", ["new@acme.test"]]]);
    const [first, second] = received.map(({ source }) => /^message-id:\s*(\S+)/im.exec(source)?.[1]);
    expect(first).toBe("<out_01message@portal.test>");
    expect(second).toBe(first);
    expect(bodyOf(received[0]!.source)).toBe(MESSAGE.text.trimEnd());
    const subject = /^subject:\s*(.*(?:\r\n\s.*)*)/im.exec(received[0]!.source)?.[1] ?? "";
    expect(subject).toMatch(/=\?utf-8\?/i);
    expect(received[0]!.source).toMatch(/^from:\s*Berth <no-reply@portal\.test>/im);
  });

  it("does not let a subject or an address smuggle in headers", async () => {
    received.length = 0;
    await smtpMail({ url: url(), from: FROM }).send({ ...MESSAGE, subject: "Hello\r\nBcc: everybody@acme.test" });
    expect(received[0]!.to).toEqual(["new@acme.test"]);
    expect(received[0]!.source).not.toMatch(/^bcc:/im);
  });

  it("tells apart what will never go, what may go later, and who may not send", async () => {
    const driver = smtpMail({ url: url(), from: FROM });
    await expect(driver.send({ ...MESSAGE, to: "nobody@acme.test" })).rejects.toMatchObject({ name: "DriverError", code: "invalid", message: expect.stringContaining("nobody@acme.test") as string });
    await expect(driver.send({ ...MESSAGE, to: "full@acme.test" })).rejects.toMatchObject({ code: "failed" });
    const stranger = smtpMail({ url: url("wrong-password"), from: FROM }).send(MESSAGE);
    await expect(stranger).rejects.toMatchObject({ code: "refused", message: expect.stringContaining("SMTP_URL") as string });
    await expect(stranger).rejects.not.toMatchObject({ message: expect.stringContaining("wrong-password") as string });
  });

  it("gives up on a server that is not there, and on one that says nothing", async () => {
    const held: Socket[] = [];
    const silent: Server = createServer((socket) => held.push(socket));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const at = (silent.address() as AddressInfo).port;
    await expect(smtpMail({ url: url("right", at), from: FROM, silenceMs: 300 }).send(MESSAGE)).rejects.toMatchObject({ code: "timeout" });
    for (const socket of held) socket.destroy();
    await new Promise<void>((resolve) => silent.close(() => resolve()));
    await expect(smtpMail({ url: url("right", at), from: FROM, silenceMs: 2_000 }).send(MESSAGE)).rejects.toMatchObject({ code: "unreachable" });
  });
});
