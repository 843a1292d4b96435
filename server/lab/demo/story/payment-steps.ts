import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openDatabase } from "@/db/client";
import { issueManualInvoice, listInvoices, readEvidence } from "@/server/billing";
import { systemClock } from "@/server/platform/clock";
import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import { silentLogger } from "@/server/platform/logger";
import { systemRandom } from "@/server/platform/random";
import { inTransaction } from "@/server/platform/transaction";
import { findOrganization } from "@/server/tenancy";
import type { Recorder } from "../evidence";
import { readInstance, until, untilStatus, type Stage } from "./stage";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const FEE_MINOR = 5_000;
const GOOD_CARD = "4242424242424242";
/** Can be added, and is declined when it is charged. */
const BAD_CARD = "4000000000000341";
/** A payment has to lift a suspension within this time. */
const RESTORED_WITHIN_MS = 10_000;
const PAYMENT_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 90_000;

/** What these steps share. */
interface Till {
  readonly context: Context;
  readonly stage: Stage;
  readonly organizationId: string;
  /** The invoice over what was used, and the newest flat one. */
  usageInvoiceId: string;
  flatInvoiceId: string;
}

interface Detail extends Record<string, unknown> {
  readonly ok?: boolean;
}

async function issueFlat(till: Till, description: string): Promise<{ readonly id: string; readonly number: string | null; readonly totalMinor: number }> {
  return inTransaction(till.context, (tx) => issueManualInvoice(tx, till.context, { organizationId: till.organizationId, lines: [{ description, amountMinor: FEE_MINOR }] }));
}

/** The operator bills what was used so far, and a flat fee: both frozen, numbered and owed. */
async function invoiceIssued(till: Till): Promise<Detail> {
  const { outcome, invoice } = await till.stage.operator.api.admin.billing.issueNow.mutate({ organizationId: till.organizationId });
  if (!invoice) throw new Error(`What was used so far came to no invoice (${outcome}).`);
  till.usageInvoiceId = invoice.id;
  const flat = await issueFlat(till, "Onboarding");
  till.flatInvoiceId = flat.id;
  return { ok: outcome === "issued" && invoice.totalMinor > 0, usageInvoice: invoice.number, usageTotalMinor: invoice.totalMinor, feeInvoice: flat.number, feeTotalMinor: flat.totalMinor, currency: invoice.currency };
}

/** Opens a hosted page as a person's browser would, and answers when the portal knows what came of it. */
async function addCard(till: Pick<Till, "stage">, number: string): Promise<string> {
  const { api } = till.stage.tenant;
  const { organization } = till.stage;
  const { id: linkId } = await api.billing.payment.requestLink.mutate({ organization, kind: "setup", returnPath: `/o/${organization}/billing` });
  const link = await until("the page to add a card has its address", PAYMENT_TIMEOUT_MS, async () => {
    const found = await api.billing.payment.link.query({ organization, linkId });
    return found.state === "ready" && found.url !== null ? found : null;
  });
  await submit(link.url ?? "", number);
  const last4 = number.slice(-4);
  await until(`the card ending in ${last4} pays by default`, PAYMENT_TIMEOUT_MS, async () => (await api.billing.payment.overview.query({ organization })).methods.some((method) => method.isDefault && method.last4 === last4));
  return last4;
}

async function submit(url: string, number: string): Promise<number> {
  const response = await fetch(url, { method: "POST", body: new URLSearchParams({ number }), redirect: "manual" });
  return response.status;
}

async function invoiceOf(till: Till, invoiceId: string): Promise<{ readonly status: string; readonly openMinor: number }> {
  const found = (await listInvoices(till.context, { organizationId: till.organizationId })).find((invoice) => invoice.id === invoiceId);
  if (!found) throw new Error(`The invoice ${invoiceId} is not in the list.`);
  return found;
}

/** The tenant adds a card on the hosted page; the invoice is charged, and Stripe's webhook closes it. */
async function paid(till: Till): Promise<Detail> {
  const card = await addCard(till, GOOD_CARD);
  for (const invoiceId of [till.flatInvoiceId, till.usageInvoiceId]) await until("the invoice is paid", PAYMENT_TIMEOUT_MS, async () => (await invoiceOf(till, invoiceId)).status === "paid");
  const { payments } = await till.stage.tenant.api.billing.payment.overview.query({ organization: till.stage.organization });
  const payment = payments.find((row) => row.invoiceId === till.flatInvoiceId);
  const sync = await until("its webhook was worked off", PAYMENT_TIMEOUT_MS, async () => {
    const { inbox, pushes } = await till.stage.operator.api.admin.payments.syncState.query();
    const event = inbox.recent.find((row) => row.type === "invoice.paid" && row.state === "done");
    return event ? { source: event.source, stuck: pushes.filter((push) => push.state === "stuck").length } : null;
  });
  return { ok: payment?.status === "succeeded" && sync.stuck === 0, card, amountMinor: payment?.amountMinor ?? 0, method: payment?.method ?? null, event: sync.source };
}

async function standing(till: Pick<Till, "stage">): Promise<string> {
  return (await till.stage.tenant.api.organization.get.query({ organization: till.stage.organization })).standing;
}

/** What a story that was broken off left behind: a card that is declined, or a suspension. A good card pays what is open and lifts it. */
export async function settleEarlier(stage: Stage): Promise<Detail> {
  const { methods } = await stage.tenant.api.billing.payment.overview.query({ organization: stage.organization });
  const before = await standing({ stage });
  const declines = methods.some((method) => method.isDefault && method.last4 === BAD_CARD.slice(-4));
  if (before === "good" && !declines) return { standing: before };
  const card = await addCard({ stage }, GOOD_CARD);
  await until("the standing is good again", PAYMENT_TIMEOUT_MS, async () => (await standing({ stage })) === "good");
  return { standing: "good", before, card };
}

/** Another card, which is declined: reminder, no new orders, machines stopped; nothing starts by any way. */
async function paymentFailed(till: Till): Promise<Detail> {
  const { stage } = till;
  const { organization, instanceId } = stage;
  await addCard(till, BAD_CARD);
  const flat = await issueFlat(till, "Support, one month");
  till.flatInvoiceId = flat.id;
  const dates = await until("the portal shows the dates", PAYMENT_TIMEOUT_MS, async () => stage.tenant.api.billing.payment.dunning.query({ organization }));
  const started = performance.now();
  await until("the organization is suspended", PAYMENT_TIMEOUT_MS, async () => (await standing(till)) === "suspended");
  await untilStatus(stage, instanceId, "stopped", STOP_TIMEOUT_MS);
  const stoppedAfterMs = Math.round(performance.now() - started);
  const refusal: unknown = await stage.tenant.api.instances.start.mutate({ organization, instanceId }).then(() => null, (error: unknown) => error);
  const { payments } = await stage.tenant.api.billing.payment.overview.query({ organization });
  const failed = payments.find((row) => row.invoiceId === flat.id && row.status === "failed");
  return { ok: refusal instanceof Error && failed !== undefined, why: failed?.failureText ?? null, suspendAt: dates.dunning.suspendAt.toISOString(), deleteAt: dates.dunning.deleteAt.toISOString(), stoppedAfterMs, start: refusal instanceof Error ? "refused" : "accepted" };
}

/** The tenant pays on the invoice's own page with a good card: the standing is back within ten seconds, and the machine by itself. */
async function restored(till: Till): Promise<Detail> {
  const { stage } = till;
  const { organization, instanceId } = stage;
  const page = (await stage.tenant.api.billing.payment.overview.query({ organization })).invoicePages.find((row) => row.invoiceId === till.flatInvoiceId);
  if (!page?.url) throw new Error("The open invoice has no page to pay it on.");
  const started = performance.now();
  await submit(page.url, GOOD_CARD);
  await until("the standing is good again", PAYMENT_TIMEOUT_MS, async () => (await standing(till)) === "good", 50);
  const restoredMs = Math.round(performance.now() - started);
  const invoice = await invoiceOf(till, till.flatInvoiceId);
  await until("the machine runs again", STOP_TIMEOUT_MS, async () => (await readInstance(stage, instanceId)).status === "running");
  const runningAfterMs = Math.round(performance.now() - started);
  // From now on it pays by itself: the rest of the month is charged by whoever starts this demo then.
  const card = await addCard(till, GOOD_CARD);
  return { ok: restoredMs <= RESTORED_WITHIN_MS && invoice.status === "paid" && invoice.openMinor === 0, restoredMs, runningAfterMs, card };
}

function verify(file: string): { readonly code: number | null; readonly output: string } {
  const run = spawnSync(process.execPath, ["--import", "tsx", join(root, "server/billing/evidence/run-bill.ts"), "verify", file], { cwd: root, encoding: "utf8", env: { PATH: process.env["PATH"] ?? "", NODE_ENV: "production" } });
  return { code: run.status, output: `${run.stdout}${run.stderr}`.trim() };
}

/** The signed file of the invoice over what was used is recomputed offline; with one changed byte it fails. */
async function evidence(till: Till): Promise<Detail> {
  const text = await readEvidence(till.context, { organizationId: till.organizationId, invoiceId: till.usageInvoiceId });
  const folder = mkdtempSync(join(tmpdir(), "berth-evidence-"));
  try {
    const file = join(folder, "invoice.json");
    writeFileSync(file, text);
    const whole = verify(file);
    const bytes = readFileSync(file);
    const at = Math.floor(bytes.length / 2);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    const damaged = verify(file);
    return { ok: whole.code === 0 && damaged.code !== 0, bytes: bytes.length, verdict: whole.output.split("\n")[0] ?? "", damaged: damaged.code === 0 ? "accepted" : "refused" };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** From the issued invoice to the paid one, a suspension and its end, and the file that proves the bill. */
export async function playPayments({ stage, recorder, databaseUrl }: { readonly stage: Stage; readonly recorder: Recorder; readonly databaseUrl: string }): Promise<void> {
  const db = openDatabase({ url: databaseUrl, poolSize: 2, applicationName: "berth-demo" });
  const source = { clock: systemClock, random: systemRandom };
  const context: Context = { db, ...source, logger: silentLogger, requestId: mintId("request", source), actor: { kind: "system", id: "demo" }, scope: "provider", organizationId: null };
  try {
    const organization = await findOrganization(context, stage.organization);
    const till: Till = { context, stage, organizationId: organization?.id ?? "", usageInvoiceId: "", flatInvoiceId: "" };
    const issued = await recorder.step("invoice-issued", "What was used so far, and a fee, become invoices", () => invoiceIssued(till));
    if (!issued) return;
    const settled = await recorder.step("paid", "A card on the hosted page; the charge and its webhook close the invoice", () => paid(till));
    const failed = settled && (await recorder.step("payment-failed", "A declined card: told in advance, then suspended; nothing starts", () => paymentFailed(till)));
    if (failed) await recorder.step("restored", "Paid by another card: the standing is back within 10 s, the machine by itself", () => restored(till));
    await recorder.step("evidence", "The invoice's file verifies offline, and not with one changed byte", () => evidence(till));
  } finally {
    await db.pool.end();
  }
}
