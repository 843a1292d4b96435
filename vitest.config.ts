import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL(".", import.meta.url));
/** Where runs that follow each other share the modules that were put into JavaScript; not kept beyond them, because it does not see that a file has moved. */
const modules = process.env["TEST_MODULE_CACHE"];

/**
 * Tests that need a database share one embedded Postgres (tests/support/global-setup.ts), one database a file. Files that run in one worker after the
 * other share its loaded modules: loading them anew for each took half of all processor time. A file must not leave anything running behind.
 */
export default defineConfig({
  // TypeScript first: server/lab has lab.mjs (the starter) beside lab.ts (the module).
  resolve: { alias: { "@": root.replace(/\/$/, "") }, extensions: [".ts", ".tsx", ".mts", ".mjs", ".js", ".jsx", ".json"] },
  test: {
    include: ["tests/**/*.test.ts"],
    globalSetup: ["tests/support/global-setup.ts"],
    setupFiles: ["tests/support/chance.ts"],
    pool: "forks",
    isolate: false,
    experimental: modules === undefined ? {} : { fsModuleCache: true, fsModuleCachePath: modules },
    maxWorkers: 2,
    // For tests that hang, on a machine that may do other things: no test's assertion.
    testTimeout: 360_000,
    hookTimeout: 360_000,
  },
});
