import { expireEvents, listInboxJobs, noteCustomer, noteLinkOutcome, noteReplayed, noteWorked, postponeJob, receiveEvents, recordDispute, recordRefund, replayFrom, type EventTarget, type InboxJob } from "@/server/billing";
import type { PaymentDriver, ProviderEvent } from "@/server/drivers/payment/types";
import type { Context } from "@/server/platform/context";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { readInvoice, readPayment, type Write } from "./payments/read-facts";
import type { LoopDefinition } from "./types";

/** Objects that are read at once. */
const PARALLEL = 8;
const PAGE = 100;
const nothing: Write = () => Promise.resolve(false);

/** A charge belongs to a payment, which has to be known before what happened to the charge. */
async function chargeFacts(context: Context, driver: PaymentDriver, chargeId: string): Promise<Write> {
  const payment = await driver.paymentOfCharge(chargeId);
  return payment === null ? nothing : readPayment(context, driver, payment);
}

/** Reads the object as it is now; what the event said of it may be older or newer than the last one seen, and does not matter. */
async function read(context: Context, driver: PaymentDriver, target: EventTarget): Promise<Write> {
  switch (target.kind) {
    case "invoice": return (await readInvoice(context, driver, target.id))?.write ?? nothing;
    case "payment": return readPayment(context, driver, target.id);
    case "charge": {
      const payment = await chargeFacts(context, driver, target.id);
      const refunds = await driver.listRefunds(target.id);
      return async (tx) => {
        const known = await payment(tx);
        for (const refund of refunds) await recordRefund(tx, context, refund);
        return known;
      };
    }
    case "refund": {
      const refund = await driver.readRefund(target.id);
      if (!refund) return nothing;
      const payment = refund.chargeId === null ? nothing : await chargeFacts(context, driver, refund.chargeId);
      return async (tx) => {
        await payment(tx);
        return recordRefund(tx, context, refund);
      };
    }
    case "dispute": {
      const dispute = await driver.readDispute(target.id);
      if (!dispute) return nothing;
      const payment = await chargeFacts(context, driver, dispute.chargeId);
      return async (tx) => {
        await payment(tx);
        return recordDispute(tx, context, dispute);
      };
    }
    case "customer": {
      const customer = await driver.readCustomer(target.id);
      return (tx) => noteCustomer(tx, context, target.id, customer);
    }
    case "link": {
      const outcome = await driver.readLink(target.id);
      const payment = outcome.remotePaymentId === null ? nothing : await readPayment(context, driver, outcome.remotePaymentId);
      return async (tx) => {
        await payment(tx);
        return noteLinkOutcome(tx, context, target.id, outcome);
      };
    }
  }
}

async function work(context: Context, driver: PaymentDriver, job: InboxJob): Promise<void> {
  try {
    const write = job.target === null ? nothing : await read(context, driver, job.target);
    await inTransaction(context, async (tx) => {
      const ours = await write(tx);
      await noteWorked(tx, context, job, ours ? "done" : "kept", sentence(ours ? "event-taken-over" : job.target === null ? "event-no-use" : "event-not-ours"));
    });
  } catch (error) {
    context.logger.warn({ target: job.target, events: job.events.length, err: error }, "events could not be worked off; they are tried again");
    await postponeJob(context, job, error instanceof Error ? error.message : String(error));
  }
}

/** Works off what the payment provider told: each event once, in any order. */
export function workInboxLoop(driver: PaymentDriver): LoopDefinition {
  return {
    name: "work-inbox",
    periodMs: 10_000,
    async pass({ context, signal }) {
      const { jobs, waiting } = await listInboxJobs(context);
      const queue = [...jobs];
      const lane = async (): Promise<void> => {
        for (let job = queue.shift(); job && !signal.aborted; job = queue.shift()) await work(context, driver, job);
      };
      await Promise.all(Array.from({ length: PARALLEL }, lane));
      const worked = jobs.reduce((sum, job) => sum + job.events.length, 0);
      return { backlog: Math.max(0, waiting - worked), ...(worked > 0 && waiting > worked ? { againInMs: 10 } : waiting > 0 ? { againInMs: 1_000 } : {}) };
    },
  };
}

/** Reads the provider's own list of events, so that one that never arrived is not missed. */
export function replayEventsLoop(driver: PaymentDriver, periodMs: number): LoopDefinition {
  return {
    name: "replay-events",
    periodMs,
    async pass({ context, signal }) {
      const through = context.clock.now();
      const page: ProviderEvent[] = [];
      let missed = 0;
      const take = async (): Promise<void> => {
        if (page.length > 0) missed += await receiveEvents(context, page.splice(0), "replay");
      };
      for await (const event of driver.listEvents(await replayFrom(context))) {
        if (signal.aborted) return { backlog: 0 };
        page.push(event);
        if (page.length >= PAGE) await take();
      }
      await take();
      await noteReplayed(context, through);
      if (missed > 0) context.logger.info({ missed }, "events had not arrived by themselves");
      // Only after the list was read: what it still had is known.
      await expireEvents(context);
      return { backlog: 0 };
    },
  };
}
