import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { serializeError } from "@/server/platform/logger";

describe("errors in the log", () => {
  it("keep the statement, the cause and the stack, and lose the statement's values", async () => {
    const db = drizzle(new pg.Pool({ connectionString: "postgres://x:y@127.0.0.1:1/none" }));
    const failed = await db.execute(sql`select ${"argon2-hash\nof somebody"}, ${"#cloud-config"}`).then(() => null, (error: unknown) => error);
    expect(String((failed as Error).message)).toContain("argon2-hash");
    const logged = JSON.stringify(serializeError(new Error("outer", { cause: failed })));
    const direct = JSON.stringify(serializeError(failed));
    for (const text of [logged, direct]) {
      expect(text).not.toMatch(/argon2-hash|of somebody|cloud-config/);
      expect(text).toContain("select $1, $2");
      expect(text).toContain("ECONNREFUSED");
      expect(text).toContain("logger.test.ts");
    }
  });
});
