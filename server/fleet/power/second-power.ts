import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { sentence, wordsOf, type Sentence, type Words } from "@/server/platform/sentences";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { recordAudit } from "@/server/tenancy";
import { lockOpenFencing } from "../fencing/store";
import { lockHost, lockPowerConfig, powerConfigsWithSecond, writePower } from "../host/store";
import { conflict } from "../rules";
import type { PowerConfigInput, SecondPowerInput, SetSecondPowerInput } from "../schema";
import type { HostRow } from "../types";

/** What the loops know of a second device, beside how to reach it: nothing of it is secret. */
export interface SecondPowerState {
  /** When fencing gave it an order to cut; null when it was put back since. ISO 8601. */
  readonly cutAt: string | null;
  /** Somebody wants what was cut to be on again, although the host does not answer. */
  readonly restoreAsked: boolean;
  /** The last look at it; null asks for one. */
  readonly check: { readonly at: string; readonly ok: boolean; readonly text: string; readonly words: readonly Words[] } | null;
}

type StoredConfig = Record<string, unknown>;
const FRESH: SecondPowerState = { cutAt: null, restoreAsked: false, check: null };

/** The stored form of a host's devices: the second lies beside the first, and what is known of it beside both. */
export function withSecondPower(first: PowerConfigInput | StoredConfig, second: SecondPowerInput | null): StoredConfig {
  const { second: _device, secondState: _state, ...own } = first as StoredConfig;
  return second === null ? own : { ...own, second: { ...second.device, role: second.role }, secondState: FRESH };
}

/** What may be shown of it: kind, role, and what the loops found. Null where there is none. Pure. */
export function secondPowerOf(config: StoredConfig | null): ({ readonly kind: string; readonly role: SecondPowerInput["role"]; readonly canFence: boolean } & SecondPowerState) | null {
  const device = config?.["second"] as { readonly kind: string; readonly role: SecondPowerInput["role"] } | undefined;
  return device ? { kind: device.kind, role: device.role, canFence: device.kind !== "wol", ...stateOf(config) } : null;
}

const stateOf = (config: StoredConfig | null): SecondPowerState => ({ ...FRESH, ...(config?.["secondState"] as Partial<SecondPowerState> | undefined) });
const facts = (config: StoredConfig | null) => ({ secondPower: secondPowerOf(config)?.kind ?? null, role: secondPowerOf(config)?.role ?? null });

/**
 * Gives a host a second power device, changes it, or takes it away (null). Its secrets are stored as the first one's are and never shown again.
 * @throws Problem `conflict` while the host is being fenced: two devices must not change places under an order to cut.
 */
export function setSecondPower(context: Context, input: SetSecondPowerInput): Promise<HostRow> {
  return inTransaction(context, async (tx) => {
    const host = await operated(tx, input.hostId);
    const fencing = await lockOpenFencing(tx, host.id);
    if (fencing && fencing.state !== "confirmed") throw conflict(sentence("refused-second-fencing", { host: host.name }), { hostId: host.id });
    const before = await lockPowerConfig(tx, host.id);
    if (!before) throw notFound("host", host.id);
    if (input.second?.role === "both" && before["kind"] === "wol") throw conflict(sentence("refused-second-both", { host: host.name }), { hostId: host.id });
    const after = withSecondPower(before, input.second);
    await write(tx, context, host.id, after);
    await recordAudit(tx, context, { organizationId: null, action: input.second ? "host.second-power-set" : "host.second-power-removed", targetKind: "host", targetId: host.id, before: facts(before), after: facts(after) });
    return host;
  });
}

/** Asks for a look at the second device now; the loop power-hosts takes it and writes what it found. */
export function testSecondPower(context: Context, hostId: string): Promise<HostRow> {
  return inTransaction(context, async (tx) => {
    const host = await operated(tx, hostId);
    const config = await lockPowerConfig(tx, hostId);
    if (!secondPowerOf(config)) throw conflict(sentence("refused-no-second", { host: host.name }), { hostId });
    await change(tx, context, hostId, { check: null });
    await recordAudit(tx, context, { organizationId: null, action: "host.second-power-tested", targetKind: "host", targetId: hostId, before: null, after: facts(config) });
    return host;
  });
}

async function operated(tx: Transaction, hostId: string): Promise<HostRow> {
  const host = await lockHost(tx, hostId);
  if (!host || host.state === "retired") throw notFound("host", hostId);
  return host;
}

async function write(tx: Transaction, context: Context, hostId: string, config: StoredConfig): Promise<void> {
  await writePower(tx, hostId, config, context.clock.now());
  await announce(tx, { organizationId: null, topic: "host", id: hostId });
  await wake(tx, "power-hosts");
}

/** Writes into what is known of a second device; nothing where there is none. */
async function change(tx: Transaction, context: Context, hostId: string, said: Partial<SecondPowerState>): Promise<void> {
  const config = await lockPowerConfig(tx, hostId);
  if (config && secondPowerOf(config)) await write(tx, context, hostId, { ...config, secondState: { ...stateOf(config), ...said } });
}

/** Written before an order to cut goes to the second device, so that whoever comes after a crash knows what has to be put back. */
export function noteSecondCut(tx: Transaction, context: Context, hostId: string): Promise<void> {
  return change(tx, context, hostId, { cutAt: context.clock.now().toISOString(), restoreAsked: false });
}

/** All that feeds the host is confirmed on again. */
export function noteSecondRestored(tx: Transaction, context: Context, hostId: string): Promise<void> {
  return change(tx, context, hostId, { cutAt: null, restoreAsked: false });
}

/** What was cut is to be switched on again, until it is; nothing where nothing was cut. */
export async function askSecondRestored(tx: Transaction, context: Context, hostId: string): Promise<void> {
  if (secondPowerOf(await lockPowerConfig(tx, hostId))?.cutAt) await change(tx, context, hostId, { restoreAsked: true });
}

/** What a look at it found. */
export function noteSecondCheck(tx: Transaction, context: Context, hostId: string, found: { readonly ok: boolean; readonly said: Sentence }): Promise<void> {
  return change(tx, context, hostId, { check: { at: context.clock.now().toISOString(), ok: found.ok, text: found.said.text, words: wordsOf(found.said) ?? [] } });
}

export interface SecondPowered extends SecondPowerState {
  readonly hostId: string;
  /** How to reach the devices; secret, for the worker alone. */
  readonly config: StoredConfig;
}

/** Every host that has a second device. */
export function readSecondPowers(context: Context): Promise<SecondPowered[]> {
  return inTransaction(context, async (tx) => (await powerConfigsWithSecond(tx)).map(({ hostId, config }) => ({ hostId, config, ...stateOf(config) })), { readOnly: true });
}
