import type { Recorder } from "../evidence";
import { consoleFrame, guestAlive, order, resize, running } from "./order-steps";
import { playDesktops } from "./desktop-steps";
import { dataKept, failover, migrate, noCapacity } from "./fleet-steps";
import { leftovers } from "./leftovers";
import { deleteAll, invoice, metering, quotaRefused } from "./money-steps";
import { playPayments, settleEarlier } from "./payment-steps";
import type { Stage } from "./stage";

export interface StoryOptions {
  readonly stage: Stage;
  readonly recorder: Recorder;
  readonly credentials: { readonly tenant: Credential; readonly operator: Credential };
  /** For counting what is left in our own records. */
  readonly databaseUrl: string;
}

export interface Credential {
  readonly email: string;
  readonly password: string;
}

/** Plays the story from the sign-in on. A step that does not hold ends it, except where the next does not stand on it. */
export async function playStory({ stage, recorder, credentials, databaseUrl }: StoryOptions): Promise<void> {
  const writes = { acknowledged: 0 };
  const signIn = await recorder.step("sign-in", "A tenant and an operator sign in over HTTP", async () => {
    await stage.tenant.signIn(credentials.tenant.email, credentials.tenant.password);
    await stage.operator.signIn(credentials.operator.email, credentials.operator.password);
    const me = await stage.tenant.api.account.me.query();
    return { tenant: me.user.email, organizations: me.organizations.length, ...(await settleEarlier(stage)) };
  });
  if (!signIn) return;
  if (!(await recorder.step("order", "The tenant orders a machine", () => order(stage)))) return;
  if (!(await recorder.step("running", "It is placed and starts", () => running(stage)))) return;
  if (!(await recorder.step("guest-alive", "The guest speaks: serial console and agent", () => guestAlive(stage)))) return;
  await recorder.step("console", "A one-time ticket opens its screen through the gateway", () => consoleFrame(stage));
  await recorder.step("resize", "It grows while it runs: vCPU, memory, disk", () => resize(stage));
  await recorder.step("migrate", "The operator drains its host; it moves live", () => migrate(stage));
  const failedOver = await recorder.step("failover", "Its host loses its power while the guest writes", () => failover(stage, writes));
  if (failedOver) await recorder.step("data-kept", "Every acknowledged write is on the disk", () => dataKept(stage, writes));
  await recorder.step("quota-refused", "An order over the quota is refused", () => quotaRefused(stage));
  if (failedOver) await recorder.step("no-capacity", "An order that does not fit waits, and runs when the host is back", () => noCapacity(stage));
  await recorder.step("metering", "Usage against the record of the QEMU processes", () => metering(stage));
  await recorder.step("invoice", "The draft of the bill sums from its windows", () => invoice(stage));
  await playPayments({ stage, recorder, databaseUrl });
  const deleted = await recorder.step("delete", "The tenant deletes everything", () => deleteAll(stage));
  if (deleted) await recorder.step("leftovers", "Nothing is left that nobody owns", () => leftovers(stage, databaseUrl));
  await playDesktops({ stage, recorder, databaseUrl, email: credentials.tenant.email });
}
