import { DriverError } from "../../errors";
import { redfishRequest, type RedfishReply } from "./request";

export interface RedfishTarget {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly caCertificate?: string;
}

export interface RedfishSession {
  call(method: "GET" | "POST", path: string, body: unknown, timeoutMs: number): Promise<unknown>;
}

const SESSIONS = "/redfish/v1/SessionService/Sessions";

/**
 * Signs in once and keeps the token, because controllers allow few sessions and check passwords slowly; controllers
 * without a session service get the password with each request (both are in DMTF DSP0266, "Security").
 */
export function redfishSession(target: RedfishTarget): RedfishSession {
  const basic = { authorization: `Basic ${Buffer.from(`${target.username}:${target.password}`).toString("base64")}` };
  let auth: Readonly<Record<string, string>> | null = null;
  const send = (method: "GET" | "POST", path: string, headers: Readonly<Record<string, string>>, body: unknown, timeoutMs: number) =>
    redfishRequest({ method, url: new URL(path, target.url), headers, body, caCertificate: target.caCertificate, timeoutMs });

  const signIn = async (timeoutMs: number): Promise<Readonly<Record<string, string>>> => {
    const reply = await send("POST", SESSIONS, {}, { UserName: target.username, Password: target.password }, timeoutMs);
    if ([404, 405, 501].includes(reply.status)) return basic;
    const token = reply.headers["x-auth-token"];
    if (reply.status < 300 && typeof token === "string") return { "x-auth-token": token };
    throw replyError(`signing in at ${target.url}`, reply);
  };

  return {
    async call(method, path, body, timeoutMs) {
      const endMs = performance.now() + timeoutMs;
      const left = () => Math.max(1, Math.floor(endMs - performance.now()));
      const fresh = auth === null;
      auth ??= await signIn(left());
      let reply = await send(method, path, auth, body, left());
      if (reply.status === 401 && !fresh) {
        // The session has ended on the controller's side; one new one, then the answer counts.
        auth = await signIn(left());
        reply = await send(method, path, auth, body, left());
      }
      if (reply.status >= 300) {
        if (reply.status === 401) auth = null;
        throw replyError(`${method} ${path} at ${target.url}`, reply);
      }
      return reply.body;
    },
  };
}

function replyError(attempt: string, reply: RedfishReply): DriverError {
  const detail = { status: reply.status, body: reply.body };
  if (reply.status === 401 || reply.status === 403) return new DriverError("refused", `${attempt} was turned away (${reply.status}): user name or password is wrong, or the user may not switch power. Check the host's power settings.`, detail);
  if (reply.status === 404) return new DriverError("not-found", `${attempt}: the controller knows no such resource. Check the system id in the host's power settings.`, detail);
  if (reply.status === 400 || reply.status === 405) return new DriverError("invalid", `${attempt} was not accepted (${reply.status}).`, detail);
  return new DriverError("failed", `${attempt} failed with status ${reply.status}.`, detail);
}
