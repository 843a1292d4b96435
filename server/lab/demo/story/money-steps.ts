import { TRPCClientError } from "@trpc/client";
import { smallImage, until, readInstance, type Stage } from "./stage";

/** An order over the quota is refused in words and numbers, and changes nothing. */
export async function quotaRefused(stage: Stage): Promise<Record<string, unknown>> {
  const { organization } = stage;
  const { api } = stage.tenant;
  const state = async (): Promise<string> => JSON.stringify([await api.quota.get.query({ organization }), (await api.instances.list.query({ organization })).items.map((item) => item.id)]);
  const flavor = (await api.catalog.flavors.query({ organization })).find((candidate) => candidate.name === "dedicated-16");
  const image = await smallImage(stage);
  if (!flavor) throw new Error("The catalog has no flavor dedicated-16.");
  const before = await state();
  const refusal = await api.instances.create
    .mutate({ organization, name: "too-large", flavorId: flavor.id, imageId: image.id, sshKeyIds: [] })
    .then(() => null, (error: unknown) => error);
  const after = await state();
  if (!(refusal instanceof TRPCClientError)) throw new Error("An order over the quota was accepted.");
  const data: unknown = refusal.data;
  const problem = (data as { problem?: { code: string; message: string; detail: Record<string, unknown> } } | undefined)?.problem;
  const numbers = problem?.detail ?? {};
  return { ok: problem?.code === "quota-exceeded" && ["limit", "used", "asked"].every((name) => name in numbers || JSON.stringify(numbers).includes(`"${name}"`)) && before === after, message: refusal.message, nothingChanged: before === after };
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Milliseconds covered by at least one span: two QEMU processes of one migration are one machine. */
function covered(spans: readonly Span[]): number {
  let total = 0;
  let end = -Infinity;
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    total += Math.max(0, span.to - Math.max(span.from, end));
    end = Math.max(end, span.to);
  }
  return total;
}

/** Usage windows against the record of when each QEMU process ran, per instance, up to the last confirmed moment. */
export async function metering(stage: Stage): Promise<Record<string, unknown>> {
  const { organization } = stage;
  const rows: { instanceId: string; billedSeconds: number; trueSeconds: number }[] = [];
  const runs = await stage.centre.runs();
  for (const instanceId of [stage.instanceId, ...stage.others]) {
    const { items } = await stage.tenant.api.usage.windows.query({ organization, instanceId, limit: 100 });
    const windows = items.filter((window) => window.meter === "instance");
    const through = Math.max(...windows.map((window) => window.endedAt.getTime()));
    const truth = runs.filter((run) => run.instanceId === instanceId && run.startedAtMs < through).map((run) => ({ from: run.startedAtMs, to: Math.min(run.endedAtMs ?? through, through) }));
    rows.push({
      instanceId,
      billedSeconds: covered(windows.map((window) => ({ from: window.startedAt.getTime(), to: window.endedAt.getTime() }))) / 1000,
      trueSeconds: covered(truth) / 1000,
    });
  }
  const difference = rows.map((row) => row.billedSeconds - row.trueSeconds);
  const worst = difference.toSorted((a, b) => Math.abs(b) - Math.abs(a))[0] ?? 0;
  // A run is seen up to one observation late at each of its ends; the machine of the story ran three times.
  return { ok: rows.length > 0 && Math.abs(worst) <= 5, differenceSeconds: Number(worst.toFixed(3)), billedSeconds: Number(rows.reduce((sum, row) => sum + row.billedSeconds, 0).toFixed(1)), instances: rows };
}

/** Draft lines that sum exactly, and that open to windows whose milliseconds are the line's quantity. */
export async function invoice(stage: Stage): Promise<Record<string, unknown>> {
  const { organization } = stage;
  const { api } = stage.tenant;
  const draft = await api.billing.draft.query({ organization });
  const sum = draft.lines.reduce((total, line) => total + line.amountMicros, 0);
  const line = draft.lines.find((candidate) => candidate.meter === "instance" && candidate.instanceId === stage.instanceId);
  if (!line) throw new Error("The draft has no line for the story's machine.");
  const closed = draft.lines.filter((candidate) => candidate.kind === "usage" && candidate.instanceId === stage.instanceId);
  let exact = true;
  for (const candidate of closed) {
    // Open windows grow between two reads; the line is read again together with its windows' own end.
    const windows = await api.billing.lineWindows.query({ organization, key: candidate.key });
    const unitMs = windows.reduce((total, window) => total + (window.endedAt.getTime() - window.startedAt.getTime()) * window.quantity, 0);
    if (windows.every((window) => window.closedAt !== null) ? unitMs !== candidate.quantityUnitMs : unitMs < candidate.quantityUnitMs) exact = false;
    const expected = (candidate.quantityUnitMs * (candidate.microsPerHour ?? Number.NaN)) / 3_600_000;
    if (!(Math.abs(expected - candidate.amountMicros) <= 0.5)) exact = false;
  }
  return { ok: exact && sum === draft.subtotalMicros && draft.unpricedWindows === 0 && sum > 0, currency: draft.currency, lines: draft.lines.length, subtotalMicros: sum, roundingMicros: draft.roundingMicros, totalMinor: draft.totalMinor };
}

/** Everything the story ordered goes: to the trash, and from there for good. */
export async function deleteAll(stage: Stage): Promise<Record<string, unknown>> {
  const { organization } = stage;
  const { api } = stage.tenant;
  const ids = [stage.instanceId, ...stage.others];
  for (const instanceId of ids) await api.instances.delete.mutate({ organization, instanceId });
  for (const instanceId of ids) {
    await until(`instance ${instanceId} lies stopped in the trash`, 60_000, async () => (await readInstance(stage, instanceId)).status === "deleted");
    await api.instances.purge.mutate({ organization, instanceId });
  }
  for (const instanceId of ids) {
    await until(`everything of instance ${instanceId} is gone`, 60_000, async () => {
      const { addresses, volumes } = await readInstance(stage, instanceId);
      return addresses.length === 0 && volumes.every((volume) => volume.state === "removed");
    });
  }
  return { deleted: ids.length };
}
