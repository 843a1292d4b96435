"use client";

import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { AddKeyDialog } from "@/app/_components/add-key-dialog";
import { Loaded } from "@/app/_components/loaded";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { CheckboxLine } from "@/app/_components/ui/field";
import { useTRPC } from "@/app/_trpc/client";

export function KeyChoice({ value, onChange }: { readonly value: readonly string[]; readonly onChange: (ids: string[]) => void }) {
  const t = useTranslations("create");
  const keys = useTranslations("keys");
  const { slug: organization, may } = useOrganization();
  const trpc = useTRPC();
  const [adding, setAdding] = useState(false);
  const query = useQuery(trpc.sshKeys.list.queryOptions({ organization }));
  return (
    <Loaded query={query}>
      {(list) => (
        <div className="grid gap-3">
          {list.length === 0 ? <p className="text-muted">{t("noKeys")}</p> : null}
          {list.map((key) => (
            <CheckboxLine
              key={key.id}
              label={key.name}
              hint={<span className="font-mono break-all">{key.fingerprint}</span>}
              checked={value.includes(key.id)}
              onChange={(event) => onChange(event.target.checked ? [...value, key.id] : value.filter((id) => id !== key.id))}
            />
          ))}
          {may("operator") ? (
            <Button size="sm" className="justify-self-start" onClick={() => setAdding(true)}>
              <Plus aria-hidden />
              {keys("add")}
            </Button>
          ) : null}
          <AddKeyDialog open={adding} onOpenChange={setAdding} onAdded={(id) => onChange([...value, id])} />
        </div>
      )}
    </Loaded>
  );
}
