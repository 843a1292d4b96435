import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTRPCClient, httpBatchLink, TRPCClientError } from "@trpc/client";
import superjson from "superjson";
import { sql } from "drizzle-orm";
import type { AppRouter } from "@/server/api/root";
import { createTestDatabase, type TestDatabase } from "../support/database";
import { startWeb, type RunningWeb } from "../support/web";
import { createWorld, WORLD_PASSWORD, type Person, type World } from "../support/world";

const METRICS_TOKEN = "a token for metrics in tests";
let database: TestDatabase;
let world: World;
let web: RunningWeb;
beforeAll(async () => {
  database = await createTestDatabase();
  world = await createWorld(database);
  web = await startWeb({ appDatabaseUrl: database.url.app, env: { METRICS_TOKEN, LOG_LEVEL: "info" } });
}, 600_000);
afterAll(async () => {
  await web?.stop();
  await database.close();
});

interface Init extends Omit<RequestInit, "headers"> {
  readonly headers?: Readonly<Record<string, string>>;
}

/** A browser's cookies, and nothing more of it. */
class Browser {
  readonly jar = new Map<string, string>();
  readonly setCookies: string[] = [];

  async fetch(path: string, init: Init = {}): Promise<Response> {
    const response = await fetch(new URL(path, web.origin), { redirect: "manual", ...init, headers: { ...init.headers, cookie: this.cookie() } });
    for (const line of response.headers.getSetCookie()) {
      this.setCookies.push(line);
      const [pair = ""] = line.split(";");
      this.jar.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    return response;
  }

  cookie(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async signIn(email: string, password: string): Promise<Response> {
    const { csrfToken } = (await (await this.fetch("/api/auth/csrf")).json()) as { csrfToken: string };
    return this.fetch("/api/auth/callback/credentials", { method: "POST", body: new URLSearchParams({ csrfToken, email, password, json: "true", callbackUrl: web.origin }) });
  }

  async me(): Promise<Response> {
    return this.fetch(`/api/trpc/account.me`);
  }
}

const signedIn = async (person: Person): Promise<Browser> => {
  const browser = new Browser();
  expect((await browser.signIn(person.email, WORLD_PASSWORD)).status).toBe(200);
  return browser;
};
const client = (browser: Browser) => createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: `${web.origin}/api/trpc`, transformer: superjson, headers: () => ({ cookie: browser.cookie() }) })] });

describe("signing in over HTTP", () => {
  it("gives a cookie that scripts and other sites do not get, and opens procedures", async () => {
    const browser = await signedIn(world.acme.people.admin);
    const cookie = browser.setCookies.find((line) => line.startsWith("next-auth.session-token="));
    expect(cookie).toMatch(/HttpOnly/i);
    expect(cookie).toMatch(/SameSite=Lax/i);
    const me = await client(browser).account.me.query();
    expect(me).toMatchObject({ user: { email: world.acme.people.admin.email, operatorRole: null }, organizations: [{ slug: "acme", role: "admin" }] });
    const members = await client(browser).members.list.query({ organization: "acme" });
    expect(members.items[0]?.joinedAt).toBeInstanceOf(Date);
    const session = (await (await browser.fetch("/api/auth/session")).json()) as { user?: { email?: string } };
    expect(session.user?.email).toBe(world.acme.people.admin.email);
  });

  it("refuses a wrong password and an unknown address alike", async () => {
    const answers = [];
    for (const email of [world.acme.people.viewer.email, "nobody@world.test"]) {
      const response = await new Browser().signIn(email, "wrong");
      answers.push(`${response.status} ${await response.text()}`);
    }
    expect(answers[0]).toMatch(/^401/);
    expect(answers[0]).toContain("CredentialsSignin");
    expect(answers[1]).toBe(answers[0]);
  });

  it("needs the token against forgery", async () => {
    const browser = new Browser();
    await browser.fetch("/api/auth/callback/credentials", { method: "POST", body: new URLSearchParams({ email: world.acme.people.viewer.email, password: WORLD_PASSWORD, json: "true" }) });
    expect((await browser.me()).status).toBe(401);
  });

  it("says when there were too many attempts", async () => {
    const person = await world.addPerson("guessed");
    for (let n = 0; n < 10; n++) await new Browser().signIn(person.email, "wrong");
    expect(await (await new Browser().signIn(person.email, WORLD_PASSWORD)).text()).toContain("rate-limited");
  });

  it("is over at once after signing out, also for a copy of the cookie", async () => {
    const browser = await signedIn(await world.addMember(world.acme));
    const copy = new Browser();
    for (const [name, value] of browser.jar) copy.jar.set(name, value);
    expect((await copy.me()).status).toBe(200);
    const { csrfToken } = (await (await browser.fetch("/api/auth/csrf")).json()) as { csrfToken: string };
    await browser.fetch("/api/auth/signout", { method: "POST", body: new URLSearchParams({ csrfToken, json: "true" }) });
    expect((await copy.me()).status).toBe(401);
    expect(await (await copy.fetch("/api/auth/session")).json()).not.toHaveProperty("user");
  });

  it("takes a made-up or cut cookie for nobody", async () => {
    for (const value of ["x", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..a.b.c", "%00", "%E0%A4%A"]) {
      const browser = new Browser();
      browser.jar.set("next-auth.session-token", value);
      expect((await browser.me()).status, value).toBe(401);
    }
  });
});

describe("the front door over HTTP", () => {
  it("answers errors with their problem, the request's id, and no stack", async () => {
    const browser = await signedIn(world.globex.people.owner);
    const response = await browser.fetch(`/api/trpc/organization.get?input=${encodeURIComponent(JSON.stringify({ json: { organization: "acme" } }))}`, { headers: { "x-request-id": "from-the-proxy-1" } });
    expect(response.status).toBe(404);
    expect(response.headers.get("x-request-id")).toBe("from-the-proxy-1");
    const text = await response.text();
    expect(text).toContain('"code":"not-found"');
    expect(text).not.toMatch(/stack|node_modules|\.ts:/);
    expect((await browser.me()).headers.get("x-request-id")).toMatch(/^req_/);
    expect(web.output()).toContain("from-the-proxy-1");
    await expect(client(browser).members.invite.mutate({ organization: "globex", email: "no address", role: "viewer" })).rejects.toSatisfy((error: unknown) => error instanceof TRPCClientError && (error.data as { problem: { code: string; detail: { fields: object } } }).problem.code === "bad-input" && "email" in (error.data as { problem: { detail: { fields: object } } }).problem.detail.fields);
  });

  it("refuses changes from other sites, huge bodies, huge batches and what is no JSON", async () => {
    const browser = await signedIn(world.acme.people.owner);
    const send = (init: Init) => browser.fetch("/api/trpc/organization.update", { method: "POST", body: JSON.stringify({ json: { organization: "acme", name: "Taken Over" } }), ...init, headers: { "content-type": "application/json", ...init.headers } });
    expect((await send({ headers: { origin: "https://evil.example" } })).status).toBe(403);
    expect((await send({ body: `{"json":${" ".repeat(2_000_000)}}` })).status).toBe(413);
    expect((await send({ body: "{" })).status).toBe(400);
    expect((await browser.fetch(`/api/trpc/${Array.from({ length: 40 }, () => "account.me").join(",")}?batch=1`)).status).toBe(400);
    expect((await browser.fetch("/api/trpc/no.such")).status).toBe(404);
    expect((await send({ headers: { origin: web.origin } })).status).toBe(200);
    const { rows } = await database.owner.execute<{ name: string }>(sql`select name from organization where slug = 'acme'`);
    expect(rows[0]?.name).toBe("Taken Over");
  });

  it("streams changes as server-sent events", async () => {
    const browser = await signedIn(world.acme.people.viewer);
    const controller = new AbortController();
    const response = await browser.fetch(`/api/trpc/live.changes?input=${encodeURIComponent(JSON.stringify({ json: { organization: "acme" } }))}`, { headers: { accept: "text/event-stream" }, signal: controller.signal });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let received = "";
    const deadline = Date.now() + 10_000;
    // Said once the stream is open: what was said before it is nobody's.
    while (!received.includes("connected") && Date.now() < deadline) received += (await reader.read()).value ?? "";
    await new Promise((resolve) => setTimeout(resolve, 200));
    await database.worker.execute(sql`select pg_notify('berth_change', ${JSON.stringify({ organizationId: world.acme.id, topic: "instance", id: "ins_streamed" })})`);
    while (!received.includes("ins_streamed") && Date.now() < deadline) received += (await reader.read()).value ?? "";
    controller.abort();
    expect(received).toContain("ins_streamed");
  });
});

describe("the process", () => {
  it("lives, is ready, and shows its metrics to the holder of the token", async () => {
    const get = (path: string, headers: Record<string, string> = {}) => fetch(new URL(path, web.origin), { headers });
    expect(await (await get("/api/health/live")).json()).toEqual({ status: "live" });
    expect(await (await get("/api/health/ready")).json()).toEqual({ status: "ready" });
    expect((await get("/api/metrics")).status).toBe(401);
    expect((await get("/api/metrics", { authorization: "Bearer wrong" })).status).toBe(401);
    const metrics = await (await get("/api/metrics", { authorization: `Bearer ${METRICS_TOKEN}` })).text();
    expect(metrics).toMatch(/berth_web_procedure_seconds_count\{procedure="account.me",type="query",code="OK"\} [1-9]/);
    expect(metrics).toMatch(/berth_web_sign_ins_total\{outcome="wrong"\} [1-9]/);
    expect(metrics).toMatch(/berth_web_database_connections\{state="open"\} [1-9]/);
  });

  it("keeps secrets out of its log", () => {
    expect(web.output()).not.toContain(WORLD_PASSWORD);
  });

  it("finishes what it is asked to stop with: a stream is open, and it ends all the same", async () => {
    const browser = await signedIn(world.acme.people.viewer);
    const stream = await browser.fetch("/api/trpc/live.changes?input=%7B%22json%22%3A%7B%7D%7D", { headers: { accept: "text/event-stream" } });
    const body = stream.text().catch(() => "cut");
    // A stream may stay open for an hour; the one who asks kills what has not ended after half a minute.
    expect(await web.stop(), web.output()).toBe(true);
    expect(await body).toMatch(/serialized-error|cut/);
  });
});

describe("behind https", () => {
  it("gives cookies that browsers keep to https, and knows them again", async () => {
    const secure = await startWeb({ appDatabaseUrl: database.url.app, env: { NEXTAUTH_URL: "https://portal.example" } });
    try {
      const at = (path: string, init?: RequestInit) => fetch(new URL(path, secure.origin), { redirect: "manual", ...init });
      const csrf = await at("/api/auth/csrf");
      const [csrfCookie = ""] = csrf.headers.getSetCookie();
      expect(csrfCookie).toMatch(/^__Host-next-auth\.csrf-token=.*Secure/i);
      const { csrfToken } = (await csrf.json()) as { csrfToken: string };
      const entered = await at("/api/auth/callback/credentials", { method: "POST", headers: { cookie: csrfCookie.split(";")[0]! }, body: new URLSearchParams({ csrfToken, email: world.globex.people.admin.email, password: WORLD_PASSWORD, json: "true" }) });
      const session = entered.headers.getSetCookie().find((line) => line.startsWith("__Secure-next-auth.session-token="));
      expect(session).toMatch(/HttpOnly.*Secure|Secure.*HttpOnly/i);
      expect((await at("/api/trpc/account.me", { headers: { cookie: session!.split(";")[0]! } })).status).toBe(200);
      expect((await at("/api/trpc/account.updateProfile", { method: "POST", headers: { origin: "https://portal.example", "content-type": "application/json", cookie: session!.split(";")[0]! }, body: JSON.stringify({ json: { name: "Behind A Proxy" } }) })).status).toBe(200);
    } finally {
      await secure.stop();
    }
  });
});
