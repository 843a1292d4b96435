import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { DriverError } from "../../errors";

export interface RedfishReply {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** Null for an empty body. */
  readonly body: unknown;
}

/** Far more than any resource that we read; a controller gone mad must not fill our memory. */
const LARGEST_BODY_BYTES = 1_000_000;

export interface RedfishRequest {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly caCertificate?: string;
  readonly timeoutMs: number;
}

/** One JSON exchange with a hard bound over all of it: connecting, sending, waiting, reading. */
export async function redfishRequest(call: RedfishRequest): Promise<RedfishReply> {
  const attempt = `${call.method} ${call.url.href}`;
  return await new Promise((resolve, reject) => {
    const fail = (code: "timeout" | "unreachable" | "failed" | "refused", why: string, cause?: Error) => {
      clearTimeout(timer);
      outgoing.destroy();
      reject(new DriverError(code, `${attempt}: ${why}`, {}, cause ? { cause } : undefined));
    };
    const payload = call.body === undefined ? null : JSON.stringify(call.body);
    const headers = { accept: "application/json", "odata-version": "4.0", ...(payload === null ? {} : { "content-type": "application/json", "content-length": String(Buffer.byteLength(payload)) }), ...call.headers };
    const send = call.url.protocol === "https:" ? httpsRequest : httpRequest;
    const outgoing = send(call.url, { method: call.method, headers, agent: false, ...(call.caCertificate ? { ca: call.caCertificate } : {}) }, (incoming) => {
      const parts: Buffer[] = [];
      let size = 0;
      incoming.on("data", (part: Buffer) => {
        size += part.length;
        if (size > LARGEST_BODY_BYTES) fail("failed", `the answer is larger than ${LARGEST_BODY_BYTES} bytes.`);
        else parts.push(part);
      });
      incoming.on("error", (cause) => fail("unreachable", `the answer broke off (${cause.message}).`, cause));
      incoming.on("end", () => {
        clearTimeout(timer);
        const text = Buffer.concat(parts).toString("utf8");
        try {
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text === "" ? null : (JSON.parse(text) as unknown) });
        } catch (cause) {
          // An error page in HTML still has a status that says what happened.
          if ((incoming.statusCode ?? 0) >= 400) resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: null });
          else reject(new DriverError("failed", `${attempt}: the answer is not JSON.`, { text: text.slice(0, 200) }, { cause }));
        }
      });
    });
    const timer = setTimeout(() => fail("timeout", `no answer within ${call.timeoutMs} ms.`), call.timeoutMs);
    outgoing.on("error", (cause: NodeJS.ErrnoException) => {
      if (/CERT|VERIFY|SELF_SIGNED|ISSUER|ALTNAME/.test(cause.code ?? "")) fail("refused", `the controller's certificate is not trusted (${cause.message}). Give its authority's certificate in the host's power settings.`, cause);
      else fail("unreachable", `no connection (${cause.message}).`, cause);
    });
    outgoing.end(payload ?? undefined);
  });
}
