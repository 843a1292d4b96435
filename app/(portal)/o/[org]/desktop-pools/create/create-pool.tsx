"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Disc3 } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { createPoolInput } from "@/server/desktop/schema";
import { Loaded } from "@/app/_components/loaded";
import { NetworkChoice } from "@/app/_components/network-choice";
import { PageHead } from "@/app/_components/page-head";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Field, Input, Select } from "@/app/_components/ui/field";
import { useTRPC } from "@/app/_trpc/client";
import { choiceClass, FlavorChoice } from "../../instances/create/flavor-choice";
import { areValid, LanguageFields, PolicyFields, SizeFields, type PoolValues } from "../pool-fields";
import { PoolPrice } from "./pool-price";

const KINDS = ["persistent", "floating"] as const;
const FIRST: PoolValues = { maximum: 5, minimumReady: 1, idleMinutes: 30, sessionMinutes: 720, clipboardIn: true, clipboardOut: true, remoteResize: true, filesIn: true, filesOut: false, fileLimitMiB: 64, recordsEvents: false, locale: null, keyboard: null };

export function CreatePool() {
  const t = useTranslations("desktopPools");
  const nav = useTranslations("nav");
  const common = useTranslations("common");
  const { slug: organization, may } = useOrganization();
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const versions = useQuery(trpc.desktopPools.goldenVersions.queryOptions({ organization }));
  const flavors = useQuery(trpc.catalog.flavors.queryOptions({ organization }));
  const prices = useQuery(trpc.catalog.prices.queryOptions({ organization }));
  const [name, setName] = useState("");
  const [kind, setKind] = useState<(typeof KINDS)[number]>("floating");
  const [chosenImage, setImage] = useState("");
  const [flavorId, setFlavor] = useState("");
  const [networkId, setNetwork] = useState("");
  const [values, setValues] = useState(FIRST);
  const create = useMutation(
    trpc.desktopPools.create.mutationOptions({
      onSuccess: async ({ id }) => {
        await queryClient.invalidateQueries(trpc.desktopPools.pathFilter());
        router.push(`/o/${organization}/desktop-pools/${id}`);
      },
    }),
  );
  const base = `/o/${organization}/desktop-pools`;
  const flavor = flavors.data?.find((one) => one.id === flavorId) ?? null;
  const nameIsFine = createPoolInput.shape.name.safeParse(name).success;
  return (
    <>
      <PageHead title={t("form.title")} parent={{ href: base, label: nav("desktopPools") }} />
      <Loaded query={versions}>
        {({ items }) => {
          const published = items.filter((one) => one.state === "published");
          const images = [...new Map(published.map((one) => [one.goldenImageId, one.goldenImageName]))];
          const goldenImageId = chosenImage || (images[0]?.[0] ?? "");
          if (images.length === 0) {
            return (
              <Card>
                <EmptyState icon={Disc3} title={t("form.noImages")} action={<Button asChild variant="primary"><Link href={`${base}/images`}>{t("golden")}</Link></Button>}>
                  {t("form.noImagesText")}
                </EmptyState>
              </Card>
            );
          }
          return (
            <form
              className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_20rem]"
              onSubmit={(event) => {
                event.preventDefault();
                create.mutate({ organization, name, kind, goldenImageId, flavorId, networkId: networkId || null, ...values });
              }}
            >
              <div className="grid gap-4">
                <Card>
                  <CardBody className="grid gap-4 sm:grid-cols-2">
                    <Field label={t("form.name")} hint={t("form.nameHint")} error={name !== "" && !nameIsFine ? t("form.errors.name") : undefined}>
                      {(control) => <Input {...control} autoFocus value={name} onChange={(event) => setName(event.target.value)} placeholder="office" />}
                    </Field>
                    <Field label={t("image")} hint={t("version", { number: Math.max(...published.filter((one) => one.goldenImageId === goldenImageId).map((one) => one.number)) })}>
                      {(control) => (
                        <Select {...control} className="w-full" value={goldenImageId} onChange={(event) => setImage(event.target.value)}>
                          {images.map(([id, label]) => <option key={id} value={id}>{label}</option>)}
                        </Select>
                      )}
                    </Field>
                    <div role="radiogroup" aria-label={t("kind")} className="grid gap-2.5 sm:col-span-2 sm:grid-cols-2">
                      {KINDS.map((one) => (
                        <label key={one} className={choiceClass}>
                          <input type="radio" name="kind" className="sr-only" checked={kind === one} onChange={() => setKind(one)} />
                          <span className="font-medium">{t(`kinds.${one}`)}</span>
                          <span className="text-xs text-muted">{t(`kindText.${one}`)}</span>
                        </label>
                      ))}
                    </div>
                    <NetworkChoice value={networkId} onChange={setNetwork} />
                  </CardBody>
                </Card>
                <Card>
                  <CardHead title={t("size")} />
                  <CardBody><FlavorChoice query={flavors} value={flavorId} onChange={setFlavor} /></CardBody>
                </Card>
                <Card>
                  <CardHead title={t("settings.size")} />
                  <CardBody className="grid gap-5">
                    <SizeFields value={values} onChange={setValues} />
                    <PolicyFields value={values} onChange={setValues} />
                    <LanguageFields value={values} onChange={setValues} />
                  </CardBody>
                </Card>
              </div>
              <PoolPrice flavor={flavor} prices={prices.data ?? null} values={values} error={create.error}>
                <Button type="submit" variant="primary" size="lg" busy={create.isPending || create.isSuccess} disabled={!may("admin") || !nameIsFine || !flavor || !areValid(values)}>{t("form.submit")}</Button>
                <Button asChild><Link href={base}>{common("cancel")}</Link></Button>
              </PoolPrice>
            </form>
          );
        }}
      </Loaded>
    </>
  );
}
