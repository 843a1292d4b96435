import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { systemClock, type Clock } from "@/server/platform/clock";
import { systemRandom, type Random } from "@/server/platform/random";
import { RateLimit, type Fault, type FaultSource } from "./faults";
import { parseForm, type Form } from "./form";
import { IdempotencyStore, type SavedReply } from "./idempotency";
import { answerPage } from "./pages";
import { StripeProblem } from "./problem";
import { accountRoutes } from "./routes/account";
import { customerRoutes } from "./routes/customers";
import { invoiceRoutes } from "./routes/invoices";
import { meterRoutes } from "./routes/meters";
import { moneyRoutes } from "./routes/money";
import { pageApiRoutes } from "./routes/pages-api";
import type { Route } from "./routes/route";
import { Vault, type VaultState } from "./vault";
import { WebhookSender, type WebhookTarget } from "./webhooks";

const ROUTES: readonly Route[] = [...customerRoutes, ...invoiceRoutes, ...moneyRoutes, ...pageApiRoutes, ...meterRoutes, ...accountRoutes];
const LARGEST_BODY = 1_000_000;

export interface SimulatedStripeOptions {
  readonly secretKey: string;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly state?: VaultState;
  readonly webhook?: WebhookTarget;
  /** Null: as many as come. */
  readonly requestsPerSecond?: number | null;
  readonly faults?: FaultSource;
  /** How much later than asked a `timeout` answers, milliseconds. */
  readonly timeoutMs?: number;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly form: Form;
  readonly idempotencyKey: string | null;
  readonly version: string | null;
}

/** A Stripe that the real SDK talks to over HTTP: the documented rules, with faults on order. */
export class SimulatedStripe {
  readonly vault: Vault;
  /** Everything that arrived, for tests of request shapes. */
  readonly seen: SeenRequest[] = [];
  faults: FaultSource;
  /** While set, nobody answers. */
  down = false;
  private readonly keys: IdempotencyStore;
  private readonly limit: RateLimit;
  private readonly clock: Clock;
  private readonly metering = new Set<string>();
  private server: Server | null = null;
  private sender: WebhookSender | null = null;
  private requests = 0;

  constructor(private readonly options: SimulatedStripeOptions) {
    this.clock = options.clock ?? systemClock;
    this.vault = new Vault(this.clock, options.random ?? systemRandom, options.state);
    this.keys = new IdempotencyStore(this.clock);
    this.limit = new RateLimit(options.requestsPerSecond ?? null);
    this.faults = options.faults ?? (() => null);
    if (options.webhook) {
      const sender = new WebhookSender(options.webhook, () => Math.floor(this.clock.nowMs() / 1000));
      this.sender = sender;
      this.vault.onEvent((event) => sender.send(event));
    }
  }

  /** Listens on loopback; port 0 takes a free one. Answers the port. */
  async listen(port = 0): Promise<number> {
    const server = createServer((request, response) => {
      this.serve(request, response).catch((error: unknown) => {
        if (!response.headersSent) response.writeHead(500, { "content-type": "application/json" });
        response.end(JSON.stringify({ error: { type: "api_error", message: error instanceof Error ? error.message : String(error) } }));
      });
    });
    this.server = server;
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
    const address = server.address();
    const bound = address && typeof address === "object" ? address.port : port;
    this.vault.pageOrigin = `http://127.0.0.1:${bound}`;
    return bound;
  }

  async close(): Promise<void> {
    this.sender?.stop();
    const { server } = this;
    if (!server) return;
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const url = new URL(request.url ?? "/", "http://stripe");
    if (url.pathname === "/health") return void response.writeHead(200).end("ok\n");
    if (this.down) return void request.socket.destroy();
    if (url.pathname.startsWith("/pages/")) return this.servePage(url.pathname, request.method === "POST" ? parseForm(body) : null, response);
    const method = request.method ?? "GET";
    const form = parseForm(method === "POST" ? body : url.search.slice(1));
    const key = headerOf(request, "idempotency-key");
    this.seen.push({ method, path: url.pathname, form, idempotencyKey: key, version: headerOf(request, "stripe-version") });
    const fault = this.faults({ method, path: url.pathname });
    if (fault === "lost-request") return void request.socket.destroy();
    const requestId = `req_${String(++this.requests).padStart(12, "0")}`;
    const lane = url.pathname === "/v1/billing/meter_events" ? laneOf(form) : null;
    if (lane !== null && this.metering.has(lane)) {
      const busy = new StripeProblem(429, "rate_limit_error", "lock_timeout", "Only one call at a time is allowed for each customer and meter.");
      return void response.writeHead(busy.status, { "content-type": "application/json", "request-id": requestId, "stripe-should-retry": "true" }).end(busy.body());
    }
    if (lane !== null) {
      this.metering.add(lane);
      // Long enough that a caller who does not wait for the answer is seen; given back before the answer leaves.
      await new Promise((resolve) => setTimeout(resolve, 2));
      this.metering.delete(lane);
    }
    const { reply, replayed } = this.decide({ method, path: url.pathname, form, body, key: method === "POST" ? key : null, authorization: headerOf(request, "authorization"), requestId, fault });
    if (fault === "lost-reply") return void request.socket.destroy();
    if (fault === "timeout") await new Promise((resolve) => setTimeout(resolve, this.options.timeoutMs ?? 1_000));
    response.writeHead(reply.status, { "content-type": "application/json", "request-id": requestId, ...(replayed ? { "idempotent-replayed": "true" } : {}), ...(key ? { "idempotency-key": key } : {}), ...(reply.status === 429 || reply.status === 409 ? { "stripe-should-retry": "true" } : {}) });
    response.end(reply.body);
  }

  private decide(call: { readonly method: string; readonly path: string; readonly form: Form; readonly body: string; readonly key: string | null; readonly authorization: string | null; readonly requestId: string; readonly fault: Fault | null }): { readonly reply: SavedReply; readonly replayed: boolean } {
    const fail = (problem: StripeProblem): { reply: SavedReply; replayed: boolean } => ({ reply: { status: problem.status, body: problem.body() }, replayed: false });
    if (call.authorization !== `Bearer ${this.options.secretKey}`) return fail(new StripeProblem(401, "authentication_error", null, "Invalid API Key provided."));
    if (call.fault === "rate-limited" || !this.limit.admit(this.clock.nowMs())) return fail(new StripeProblem(429, "rate_limit_error", "rate_limit", "Request rate limit exceeded."));
    if (call.fault === "conflict") return fail(new StripeProblem(409, "invalid_request_error", "lock_timeout", "This object cannot be accessed right now because another API request or Stripe process is currently accessing it."));
    let saved: SavedReply | null = null;
    try {
      saved = call.key === null ? null : this.keys.begin(call.key, `${call.method} ${call.path} ${call.body}`);
    } catch (error) {
      if (error instanceof StripeProblem) return fail(error);
      throw error;
    }
    if (saved) return { reply: saved, replayed: true };
    const reply = this.execute(call);
    // What failed before anything was executed (a wrong parameter) is not kept: it may be sent again, corrected, under its key.
    if (call.key !== null) this.keys.end(call.key, reply.status === 400 || reply.status === 404 || reply.status === 429 ? null : reply);
    return { reply, replayed: false };
  }

  private execute(call: { readonly method: string; readonly path: string; readonly form: Form; readonly key: string | null; readonly requestId: string; readonly fault: Fault | null }): SavedReply {
    const broken: SavedReply = { status: 500, body: new StripeProblem(500, "api_error", null, "An unknown error occurred").body() };
    if (call.fault === "error-before") return broken;
    try {
      const { route, path } = match(call.method, call.path);
      const unknown = Object.keys(call.form).find((name) => !route.params.includes(name));
      if (unknown) throw new StripeProblem(400, "invalid_request_error", "parameter_unknown", `Received unknown parameter: ${unknown}`, { param: unknown });
      const answer = route.handle({ vault: this.vault, form: call.form, path, cause: { requestId: call.requestId, idempotencyKey: call.key } });
      return call.fault === "error-after" ? broken : { status: 200, body: JSON.stringify(answer) };
    } catch (error) {
      if (error instanceof StripeProblem) return { status: error.status, body: error.body() };
      throw error;
    }
  }

  private servePage(path: string, form: Form | null, response: ServerResponse): void {
    try {
      const answer = answerPage(this.vault, path, form);
      if (!answer) return void response.writeHead(404, { "content-type": "text/plain" }).end("There is no such page.\n");
      response.writeHead(answer.status, { "content-type": "text/html; charset=utf-8", ...(answer.location ? { location: answer.location } : {}) }).end(answer.html ?? "");
    } catch (error) {
      if (!(error instanceof StripeProblem)) throw error;
      response.writeHead(error.status, { "content-type": "text/plain; charset=utf-8" }).end(`${error.message}\n`);
    }
  }
}

function match(method: string, path: string): { readonly route: Route; readonly path: Record<string, string> } {
  const parts = path.split("/");
  for (const route of ROUTES) {
    const wanted = route.path.split("/");
    if (route.method !== method || wanted.length !== parts.length) continue;
    const found: Record<string, string> = {};
    if (wanted.every((part, index) => (part.startsWith(":") ? (found[part.slice(1)] = decodeURIComponent(parts[index] ?? "")) !== "" : part === parts[index]))) return { route, path: found };
  }
  throw new StripeProblem(404, "invalid_request_error", null, `Unrecognized request URL (${method}: ${path}).`);
}

function laneOf(form: Form): string {
  return `${JSON.stringify(form["event_name"])} ${JSON.stringify(form["payload"]).replaceAll(/"value":"[^"]*"/g, "")}`;
}

function headerOf(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name];
  return typeof value === "string" ? value : null;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    const bytes = part as Buffer;
    size += bytes.length;
    if (size > LARGEST_BODY) throw new Error("The body is too large.");
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString("utf8");
}

export type { Fault, FaultSource } from "./faults";
export { signPayload } from "./webhooks";
