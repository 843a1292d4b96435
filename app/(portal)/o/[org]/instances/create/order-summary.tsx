"use client";

import { useTranslations } from "next-intl";
import { useSyncExternalStore } from "react";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { CodeBlock } from "@/app/_components/ui/copy-button";
import { MeterBar } from "@/app/_components/ui/meter-bar";
import { Notice } from "@/app/_components/ui/notice";
import { Skeleton } from "@/app/_components/ui/skeleton";
import { useOrganization } from "@/app/_components/shell/viewer";
import { useFormats } from "@/app/_i18n/use-formats";
import { useProblemText } from "@/app/_trpc/use-problem-text";
import type { Flavor, OrderForm, Prices, Resources } from "./types";

interface SummaryProps {
  readonly order: OrderForm;
  readonly flavor: Flavor | null;
  readonly prices: Prices | null;
  readonly quota: Resources | null;
  readonly busy: boolean;
  readonly error: unknown;
  readonly allowed: boolean;
}

/** Price, quota and the button, always in sight. */
export function OrderSummary({ order, flavor, prices, quota, busy, error, allowed }: SummaryProps) {
  const t = useTranslations("create");
  const formats = useFormats();
  const problem = useProblemText();
  const storage = flavor && prices?.storageGiBMicrosPerHour != null ? prices.storageGiBMicrosPerHour * flavor.diskGiB : null;
  const instance = flavor?.microsPerHour ?? null;
  // Every instance gets one private address, and addresses are metered too.
  const address = prices?.addressMicrosPerHour ?? 0;
  const total = instance !== null && storage !== null ? instance + storage + address : null;
  return (
    <aside className="grid gap-4 lg:sticky lg:top-6">
      <Card>
        <CardHead title={t("summary")} />
        <CardBody className="grid gap-4">
          <div aria-live="polite" className="grid gap-1">
            {flavor && total !== null ? (
              <>
                <p className="numeric text-xl font-semibold tracking-tight">{formats.perHour(total, flavor.currency)}</p>
                <p className="numeric text-muted">{formats.perMonth(total, flavor.currency)}</p>
                <ul className="mt-2 grid gap-1 text-xs text-muted">
                  <li className="flex justify-between gap-2"><span>{flavor.name}</span><span className="numeric">{formats.perHour(instance ?? 0, flavor.currency)}</span></li>
                  <li className="flex justify-between gap-2"><span>{t("storageLine", { size: formats.gibibytes(flavor.diskGiB) })}</span><span className="numeric">{formats.perHour(storage ?? 0, flavor.currency)}</span></li>
                  {address > 0 ? <li className="flex justify-between gap-2"><span>{t("addressLine")}</span><span className="numeric">{formats.perHour(address, flavor.currency)}</span></li> : null}
                </ul>
                {flavor.minimumMicros > 0 ? <p className="mt-1 text-xs">{t("atLeast", { amount: formats.money(flavor.minimumMicros, flavor.currency) })}</p> : null}
                {flavor.monthlyCapMicros === null ? null : <p className="text-xs">{t("atMost", { amount: formats.money(flavor.monthlyCapMicros, flavor.currency) })}</p>}
                <p className="mt-1 text-xs text-muted">{t("priceNote")}</p>
              </>
            ) : (
              <p className="text-muted">{flavor ? t("noPrice") : t("chooseFirst")}</p>
            )}
          </div>
          {error ? <Notice kind="bad">{problem(error)}</Notice> : null}
          <Button type="submit" variant="primary" size="lg" busy={busy} disabled={!allowed}>
            {t("submit")}
          </Button>
        </CardBody>
      </Card>
      <Card>
        <CardHead title={t("quota")} description={t("quotaText")} />
        <CardBody className="grid gap-3">{quota ? <QuotaAfter quota={quota} flavor={flavor} /> : <Skeleton className="h-24" />}</CardBody>
      </Card>
      <ApiEquivalent order={order} />
    </aside>
  );
}

function QuotaAfter({ quota, flavor }: { readonly quota: Resources; readonly flavor: Flavor | null }) {
  const t = useTranslations("quota");
  const resources = useTranslations("resources");
  const formats = useFormats();
  const rows = [
    { key: "instances", asked: flavor ? 1 : 0, size: formats.number },
    { key: "vcpus", asked: flavor?.vcpus ?? 0, size: formats.number },
    { key: "memoryMiB", asked: flavor?.memoryMiB ?? 0, size: formats.mebibytes },
    { key: "storageGiB", asked: flavor?.diskGiB ?? 0, size: formats.gibibytes },
  ] as const;
  return rows.map(({ key, asked, size }) => {
    const { limit, committed, held, left } = quota[key];
    return (
      <MeterBar
        key={key}
        label={resources(key)}
        value={asked > left ? <span className="text-bad">{t("short", { amount: size(asked - left) })}</span> : t("left", { amount: size(left - asked) })}
        used={committed + held}
        pending={asked}
        limit={limit}
      />
    );
  });
}

const neverChanges = (): (() => void) => () => undefined;
const originHere = (): string => window.location.origin;

function ApiEquivalent({ order }: { readonly order: OrderForm }) {
  const t = useTranslations("create");
  const { slug: organization } = useOrganization();
  const origin = useSyncExternalStore(neverChanges, originHere, () => "");
  const input = { organization, name: order.name || "web-1", flavorId: order.flavorId || "flv_…", imageId: order.imageId || "img_…", sshKeyIds: order.sshKeyIds, ...(order.userData ? { userData: order.userData } : {}) };
  const body = JSON.stringify({ json: input }, null, 2).replaceAll("'", "'\\''");
  const text = `curl -X POST ${origin}/api/trpc/instances.create \\\n  -H 'content-type: application/json' \\\n  -b "$BERTH_COOKIE" \\\n  -d '${body}'`;
  return (
    <details className="rounded-lg border bg-surface">
      <summary className="px-4 py-3 text-sm font-semibold">{t("api")}</summary>
      <div className="grid gap-2 px-4 pb-4">
        <p className="text-xs text-muted">{t("apiText")}</p>
        <CodeBlock text={text} />
      </div>
    </details>
  );
}
