import { describe, expect, it } from "vitest";
import { SOURCES, type SourceFile, type SourceImport } from "./source";

/** Which areas an area may stand on. A circle cannot be written down here. */
const AREAS_BELOW: Readonly<Record<string, readonly string[]>> = {
  tenancy: [],
  catalog: ["tenancy"],
  quota: ["catalog", "tenancy"],
  compute: ["quota", "catalog", "tenancy"],
  desktop: ["compute", "quota", "catalog", "tenancy"],
  fleet: ["compute", "quota", "catalog", "tenancy"],
  metering: ["compute", "quota", "catalog", "tenancy"],
  billing: ["metering", "compute", "quota", "catalog", "tenancy"],
};

/** Composition roots wire everything and may import anything. */
const isRoot = (path: string): boolean =>
  path === "server/worker.ts" || path.startsWith("server/console/") || path.startsWith("server/lab/") || path.startsWith("app/api/") || path.startsWith("app/_runtime") || path === "app/_trpc/server.ts" || path.startsWith("tests/") || path === "server/planner/cli.ts" || path.endsWith("/verify-chain.ts") || path === "instrumentation.ts";

const room = (path: string): string => (path.startsWith("server/") ? (path.split("/")[1] ?? "").replace(/\.ts$/, "") : (path.split("/")[0] ?? ""));
const file = (path: string): string => path.split("/").at(-1) ?? "";

/** From outside, an area is its face: the index of it or of a sub-area, its schema.ts, its types.ts. */
function isFace(target: string): boolean {
  const parts = target.split("/").slice(2);
  const last = parts.at(-1) ?? "index";
  return ["index", "schema", "types"].includes(last) || SOURCES.some((source) => source.path === `${target}/index.ts`);
}

function verdict(source: SourceFile, { target, typeOnly }: SourceImport): string | null {
  const from = room(source.path);
  const to = room(target);
  if (source.path.startsWith("db/")) return target.startsWith("db/") ? null : "db imports nothing but db";
  if (source.path.startsWith("app/")) {
    if (target.startsWith("app/")) return null;
    if (target.startsWith("server/api") && typeOnly) return null;
    if (/\/(schema|types)$/.test(target) && target.startsWith("server/")) return null;
    return "pages import app/_*, types of server/api, schema.ts and types.ts";
  }
  if (from === to) return null;
  switch (from) {
    case "planner":
    case "rating":
      return "pure rooms import nothing but themselves";
    case "drivers":
      return to === "platform" ? null : "drivers import platform only";
    case "platform":
      return target.startsWith("db/") ? null : "platform imports db only";
    case "api":
      if (target.startsWith("db/") || ["drivers", "planner", "rating", "reconcilers"].includes(to)) return "the front door knows faces of areas only";
      return to === "platform" || isFace(target) ? null : "another area's inside";
    case "reconcilers":
      if (target.startsWith("db/") || to === "api") return "loops know neither the database nor the front door";
      if (to === "drivers") return /drivers\/(errors|[a-z]+\/types)$/.test(target) ? null : "loops know drivers by their types only";
      return ["platform", "planner"].includes(to) || isFace(target) ? null : "another area's inside";
    default: {
      if (to === "platform") return null;
      // The shapes of rows are words of the area; a type is gone at run time.
      if (target.startsWith("db/schema") && typeOnly && file(source.path) === "types.ts") return null;
      if (target.startsWith("db/")) return file(source.path) === "store.ts" ? null : "only store.ts imports db";
      if (from === "fleet" && to === "planner") return null;
      if (from === "billing" && to === "rating") return null;
      if (!(AREAS_BELOW[from] ?? []).includes(to)) return `${from} does not stand on ${to}`;
      return isFace(target) ? null : "another area's inside";
    }
  }
}

describe("the import table", () => {
  it("is kept by every file", () => {
    const broken = SOURCES.filter((source) => !isRoot(source.path) && !source.path.startsWith("tests/")).flatMap((source) =>
      source.imports.filter((item) => item.own).flatMap((item) => {
        const why = verdict(source, item);
        return why ? [`${source.path} -> ${item.target}: ${why}`] : [];
      }),
    );
    expect(broken).toEqual([]);
  });

  it("sees a planted import of every forbidden kind", () => {
    const plant = (path: string, target: string): string | null => verdict({ path, text: "", code: "", lines: 0, imports: [] }, { target, own: true, typeOnly: false });
    expect(plant("server/quota/admit.ts", "server/compute/index")).toMatch(/does not stand on/);
    expect(plant("server/quota/admit.ts", "db/client")).toMatch(/only store/);
    expect(plant("server/planner/place.ts", "server/platform/clock")).toMatch(/pure/);
    expect(plant("server/reconcilers/place.ts", "server/drivers/hypervisor/libvirt/index")).toMatch(/types only/);
    expect(plant("server/api/root.ts", "db/schema/quota")).toMatch(/front door/);
    expect(plant("app/(portal)/page.tsx", "server/compute/store")).toMatch(/pages import/);
    expect(plant("server/billing/draft/draft.ts", "server/metering/store")).toMatch(/inside/);
    expect(plant("server/drivers/power/ipmi/x.ts", "server/fleet/index")).toMatch(/drivers/);
  });

  it("has no circle between areas", () => {
    for (const [area, below] of Object.entries(AREAS_BELOW)) for (const lower of below) expect(AREAS_BELOW[lower] ?? []).not.toContain(area);
  });
});
