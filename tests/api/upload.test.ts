import { randomBytes } from "node:crypto";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTRPCClient, httpBatchLink } from "@trpc/client";
import superjson from "superjson";
import { image } from "@/db/schema/catalog";
import type { AppRouter } from "@/server/api/root";
import { createTestDatabase, type TestDatabase } from "../support/database";
import { startWeb, type RunningWeb } from "../support/web";
import { createWorld, WORLD_PASSWORD, type Person, type World } from "../support/world";

/** Above every limit that a web framework sets on bodies by itself: what is larger must be streamed. */
const SIZE_BYTES = 24 * 1024 * 1024;

let database: TestDatabase;
let world: World;
let web: RunningWeb;
beforeAll(async () => {
  database = await createTestDatabase();
  world = await createWorld(database);
  web = await startWeb({ appDatabaseUrl: database.url.app });
}, 600_000);
afterAll(async () => {
  await web?.stop();
  await database.close();
});

/** The cookies of a signed-in person. */
async function signIn(person: Person): Promise<string> {
  const jar = new Map<string, string>();
  const cookie = () => [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
  const call = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await fetch(new URL(path, web.origin), { ...init, redirect: "manual", headers: { cookie: cookie() } });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      jar.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    return response;
  };
  const { csrfToken } = (await (await call("/api/auth/csrf")).json()) as { csrfToken: string };
  const answer = await call("/api/auth/callback/credentials", { method: "POST", body: new URLSearchParams({ csrfToken, email: person.email, password: WORLD_PASSWORD, json: "true", callbackUrl: web.origin }) });
  expect(answer.status).toBe(200);
  return cookie();
}

const put = (url: string, cookie: string, body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) => fetch(url, { method: "PUT", body, headers: { cookie, "content-type": "application/octet-stream", ...headers } });
const words = async (response: Response) => ((await response.json()) as { problem?: { code: string; message: string } }).problem;

it("takes an image over HTTP, from the people who may send it only", async () => {
  const operator = await signIn(world.acme.people.operator);
  const api = createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: `${web.origin}/api/trpc`, transformer: superjson, headers: { cookie: operator } })] });
  const content = new Uint8Array(randomBytes(SIZE_BYTES));
  const { imageId, uploadUrl } = await api.images.beginUpload.mutate({ organization: world.acme.slug, name: "mine", format: "raw", sizeBytes: SIZE_BYTES });

  expect(await words(await put(uploadUrl, "", content.slice(0, 10)))).toMatchObject({ code: "unauthenticated" });
  expect(await words(await put(uploadUrl, await signIn(world.globex.people.owner), content.slice(0, 10)))).toMatchObject({ code: "not-found" });
  expect(await words(await put(uploadUrl, await signIn(world.acme.people.viewer), content.slice(0, 10)))).toMatchObject({ code: "not-found" });
  expect(await words(await put(uploadUrl, operator, content.slice(0, 10), { origin: "https://elsewhere.example" }))).toMatchObject({ code: "forbidden" });
  expect(await words(await put(uploadUrl, operator, content.slice(0, 1024)))).toMatchObject({ code: "bad-input" });

  const taken = await put(uploadUrl, operator, content);
  expect([taken.status, await taken.json()]).toEqual([200, { imageId, status: "importing", virtualSizeMiB: 24 }]);
  const [row] = await database.owner.select().from(image).where(eq(image.id, imageId));
  expect(row).toMatchObject({ status: "importing", uploadedAt: expect.any(Date) as Date, sizeBytes: SIZE_BYTES });
  const again = await put(uploadUrl, operator, content.slice(0, 10));
  expect([again.status, (await words(again))?.code]).toEqual([409, "conflict"]);
});
