import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { TRPCError } from "@trpc/server";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { openDatabase } from "@/db/client";
import { createApiContext } from "@/server/api/context";
import { problemOf, toTRPCError } from "@/server/api/errors";
import { appRouter } from "@/server/api/root";
import { systemClock } from "@/server/platform/clock";
import { Problem, type ProblemCode } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { silentLogger } from "@/server/platform/logger";
import { systemRandom } from "@/server/platform/random";

const outward = (error: unknown) => {
  const made = toTRPCError(error, "req_1");
  return { code: made.code, problem: problemOf(made) };
};
const databaseError = (code: string): Error => new Error("Failed query: select secret\nparams: hunter2", { cause: Object.assign(new pg.DatabaseError("raw words of Postgres", 1, "error"), { code }) });

describe("the map of errors", () => {
  it("keeps a problem's code, message, figures and detail", () => {
    const codes: Record<ProblemCode, string> = {
      "bad-input": "BAD_REQUEST", unauthenticated: "UNAUTHORIZED", forbidden: "FORBIDDEN", "not-found": "NOT_FOUND", conflict: "CONFLICT", "quota-exceeded": "UNPROCESSABLE_CONTENT",
      "no-capacity": "UNPROCESSABLE_CONTENT", standing: "PAYMENT_REQUIRED", "rate-limited": "TOO_MANY_REQUESTS", unavailable: "SERVICE_UNAVAILABLE",
    };
    for (const [code, expected] of Object.entries(codes)) {
      const problem = new Problem(code as ProblemCode, "why", { limit: 3 });
      expect(outward(problem)).toEqual({ code: expected, problem: { code, message: "why", words: null, detail: { limit: 3 } } });
      const said = new Problem(code as ProblemCode, sentence("refused-pool-taken", { name: "front desk" }));
      expect(outward(said).problem).toMatchObject({ message: "There is a pool named front desk already. Choose another name.", words: [{ code: "refused-pool-taken", params: { name: "front desk" } }] });
      expect(outward(new TRPCError({ code: "INTERNAL_SERVER_ERROR", cause: problem })).code).toBe(expected);
    }
  });

  it("hides what nobody outside can act on, and names the request", () => {
    for (const error of [new Error("secret path /etc"), "a string", databaseError("23503"), null, new TypeError("x is not a function")]) {
      const { code, problem } = outward(error);
      expect(code).toBe("INTERNAL_SERVER_ERROR");
      expect(problem).toMatchObject({ code: "internal", detail: {} });
      expect(problem.message).toContain("req_1");
      expect(problem.message).not.toMatch(/secret|hunter2|function|Postgres/);
    }
  });

  it("tells bad data, a lost race and an absent database apart", () => {
    expect(outward(databaseError("22021")).problem.code).toBe("bad-input");
    expect(outward(databaseError("23505")).problem.code).toBe("conflict");
    expect(outward(databaseError("57P01")).problem.code).toBe("unavailable");
    expect(outward(databaseError("40001")).problem.code).toBe("unavailable");
    expect(outward(new Error("x", { cause: Object.assign(new Error("connect"), { code: "ECONNREFUSED" }) })).problem.code).toBe("unavailable");
  });

  it("names the fields of bad input", () => {
    const { error } = z.object({ name: z.string({ error: "is missing" }), inner: z.object({ n: z.number({ error: "is no number" }) }) }).safeParse({ inner: { n: "x" } });
    expect(outward(new TRPCError({ code: "BAD_REQUEST", cause: error! })).problem).toMatchObject({ code: "bad-input", detail: { fields: { name: ["is missing"], inner: ["is no number"] } } });
  });
});

describe("an error on its way out", () => {
  const call = async (createContext: () => ReturnType<typeof createApiContext>, path = "catalog.publicFlavors") => {
    const response = await fetchRequestHandler({ endpoint: "/t", req: new Request(`http://portal.test/t/${path}?input=%7B%22json%22%3A%7B%7D%7D`), router: appRouter, createContext });
    return { status: response.status, text: await response.text() };
  };

  it("shows neither statement nor values when the database is gone", async () => {
    const db = openDatabase({ url: "postgres://somebody:hunter2@127.0.0.1:1/none" });
    const { status, text } = await call(() => createApiContext({ db, clock: systemClock, random: systemRandom, logger: silentLogger, session: null, portalUrl: "http://portal.test", consoleUrl: "ws://console.test" }));
    expect(status).toBe(503);
    expect(text).toContain('"code":"unavailable"');
    expect(text).not.toMatch(/select|hunter2|127\.0\.0\.1|stack|node_modules/);
  });

  it("shows nothing of what broke before the procedure", async () => {
    const { status, text } = await call(() => {
      throw databaseError("23503");
    });
    expect(status).toBe(500);
    expect(text).not.toMatch(/select|hunter2|secret|stack/);
    expect(text).toContain('"code":"internal"');
  });
});
