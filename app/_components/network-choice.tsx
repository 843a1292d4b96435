"use client";

import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Field, Select } from "@/app/_components/ui/field";
import { useTRPC } from "@/app/_trpc/client";

/** Which network a machine or a pool is put into; nothing where the organization has none of its own. Empty: the cluster's shared one. */
export function NetworkChoice({ value, onChange }: { readonly value: string; readonly onChange: (networkId: string) => void }) {
  const t = useTranslations("networks");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const networks = useQuery(trpc.networks.list.queryOptions({ organization })).data ?? [];
  if (networks.length === 0) return null;
  return (
    <Field label={t("choice")} hint={value === "" ? t("sharedHint") : t("privateHint")}>
      {(control) => (
        <Select {...control} className="w-full" value={value} onChange={(event) => onChange(event.target.value)}>
          <option value="">{t("shared")}</option>
          {networks.map((network) => <option key={network.id} value={network.id}>{`${network.name} · ${network.cidr}`}</option>)}
        </Select>
      )}
    </Field>
  );
}
