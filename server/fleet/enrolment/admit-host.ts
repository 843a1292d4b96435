import { sentence } from "@/server/platform/sentences";
import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { changeHostState } from "../host/change-state";
import { findHostByUuid, lockHost, writeHost } from "../host/store";
import type { EnrolledFacts, Finding } from "./types";

/**
 * Writes what a look at an enrolling host found, and lets it in when nothing is wrong. The same machine under two
 * names would be counted twice, so its own identity is checked here, under the transaction.
 */
export async function writePreflight(tx: Transaction, context: Context, hostId: string, findings: readonly Finding[], facts: EnrolledFacts | null): Promise<boolean> {
  const host = await lockHost(tx, hostId);
  if (!host || host.state !== "enrolling") return false;
  const all = [...findings];
  const twin = facts ? await findHostByUuid(tx, facts.hostUuid) : null;
  if (twin && twin.id !== hostId) {
    all.push({ check: "identity", ok: false, text: `This machine is enrolled already as ${twin.name} (both say host UUID ${facts?.hostUuid ?? ""}). Correct the address, or retire ${twin.name} first.` });
  }
  const wrong = all.filter((finding) => !finding.ok);
  const admit = wrong.length === 0 && facts !== null && !host.maintenance;
  const found = sentence("host-findings", { checks: wrong.map((finding) => finding.check) });
  const reason = wrong.length > 0 ? { text: wrong.map((finding) => finding.text).join(" "), words: found.words } : sentence(host.maintenance ? "host-nothing-wrong" : "host-enrolled");
  const said = {
    preflight: all,
    preflightAt: context.clock.now(),
    stateReason: reason.text,
    stateWords: reason.words,
    ...(facts ? { hypervisorVersion: facts.hypervisorVersion, usableCpuModels: [...facts.usableCpuModels], cores: facts.cores, memoryMiB: facts.memoryMiB } : {}),
    ...(admit && facts ? { hostUuid: facts.hostUuid, lastSeenAt: context.clock.now() } : {}),
  };
  const row = await writeHost(tx, hostId, said);
  if (admit && row) await changeHostState(tx, context, row, "up", reason);
  await announce(tx, { organizationId: null, topic: "host", id: hostId });
  return admit;
}

/** A host's facts may change while it is off (more memory, another hypervisor); read again when it returns. */
export async function refreshFacts(tx: Transaction, hostId: string, facts: EnrolledFacts): Promise<void> {
  await writeHost(tx, hostId, { hypervisorVersion: facts.hypervisorVersion, usableCpuModels: [...facts.usableCpuModels], cores: facts.cores, memoryMiB: facts.memoryMiB });
}
