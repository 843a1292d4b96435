import { expect, it } from "vitest";
import { findOrphans } from "@/server/reconcilers/return/name-orphans";

it("names disks of machines that are not known, and nothing else of the pool", () => {
  const names = ["ins_01aaa-root-0.qcow2", "ins_01aaa-seed.raw", "ins_01bbb-root-2.qcow2", "tiny-1.qcow2", "berth-lease-4c4c.raw", "somebody-else.qcow2"];
  expect(findOrphans(names.map((name) => ({ name })), new Set(["ins_01aaa"])).map((one) => one.name)).toEqual(["ins_01bbb-root-2.qcow2"]);
  expect(findOrphans(names.map((name) => ({ name })), new Set(["ins_01aaa", "ins_01bbb"]))).toEqual([]);
});
