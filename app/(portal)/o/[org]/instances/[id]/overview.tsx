"use client";

import { useTranslations } from "next-intl";
import { Moment, TimeAgo } from "@/app/_components/time-ago";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead, Fact, Facts } from "@/app/_components/ui/card";
import { CopyButton } from "@/app/_components/ui/copy-button";
import { useFormats } from "@/app/_i18n/use-formats";
import { usePrice } from "../use-price";
import { Timeline } from "./timeline";
import type { Instance } from "./types";

export function Overview({ instance, onActivity }: { readonly instance: Instance; readonly onActivity: () => void }) {
  const t = useTranslations("instance");
  const units = useTranslations("units");
  const formats = useFormats();
  return (
    <div className="grid gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <div className="grid content-start gap-4">
        <Card>
          <CardHead title={t("facts")} />
          <CardBody>
            <Facts>
              <Fact label={t("flavor")}>
                {instance.flavorName}
                <span className="block text-xs text-muted">
                  {units("vcpus", { count: instance.vcpus })} · {formats.mebibytes(instance.memoryMiB)} · {formats.gibibytes(instance.diskGiB)}
                </span>
              </Fact>
              <Price instance={instance} />
              <Fact label={t("image")}>{instance.imageName}</Fact>
              <Fact label={t("uptime")}>{instance.runningSince && instance.status !== "stopped" ? <TimeAgo at={instance.runningSince} /> : "–"}</Fact>
              <Fact label={t("createdAt")}>
                <Moment at={instance.createdAt} />
              </Fact>
              <Fact label={t("id")} mono>
                {instance.id}
                <CopyButton text={instance.id} className="-my-1 ml-1 inline-flex size-5 align-middle" />
              </Fact>
            </Facts>
          </CardBody>
        </Card>
        <Card>
          <CardHead title={t("network")} />
          <CardBody>
            {instance.addresses.length === 0 ? (
              <p className="text-muted">{t("noAddress")}</p>
            ) : (
              <ul className="grid gap-2">
                {instance.addresses.map((address) => (
                  <li key={address.id} className="flex flex-wrap items-center gap-x-3 gap-y-1">
                    <span className="font-mono">{address.ip}</span>
                    <CopyButton text={address.ip} className="-ml-2" />
                    <Badge>{t(`addressKind.${address.kind}`)}</Badge>
                    <span className="font-mono text-xs text-muted">{address.mac}</span>
                  </li>
                ))}
              </ul>
            )}
          </CardBody>
        </Card>
        <Card>
          <CardHead title={t("access")} />
          <CardBody className="grid gap-3">
            <div className="flex flex-wrap items-center gap-2">
              <span className="text-xs text-muted">{t("keys")}</span>
              {instance.sshKeys.length === 0 ? <span className="text-muted">{t("noKeys")}</span> : instance.sshKeys.map((key) => <Badge key={key.id} title={key.fingerprint}>{key.name}</Badge>)}
            </div>
            {instance.userData ? (
              <details>
                <summary className="w-fit text-xs text-muted hover:text-ink">{t("userData")}</summary>
                <pre className="mt-2 max-h-56 overflow-auto rounded-md border bg-raised p-3 font-mono text-xs whitespace-pre-wrap">{instance.userData}</pre>
              </details>
            ) : null}
          </CardBody>
        </Card>
      </div>
      <Card className="self-start">
        <CardHead
          title={t("recent")}
          actions={
            <Button variant="link" onClick={onActivity}>
              {t("allActivity")}
            </Button>
          }
        />
        <Timeline instanceId={instance.id} limit={8} bare />
      </Card>
    </div>
  );
}

function Price({ instance }: { readonly instance: Instance }) {
  const t = useTranslations("instance");
  const money = useTranslations("money.start");
  const formats = useFormats();
  const price = usePrice(instance);
  return (
    <Fact label={t("price")}>
      {price ? (
        <>
          <span className="numeric">{money("running", { hour: formats.perHour(price.runningMicros, price.currency), month: formats.perMonth(price.runningMicros, price.currency) })}</span>
          <span className="numeric block text-xs text-muted">{money("stopped", { hour: formats.perHour(price.stoppedMicros, price.currency), month: formats.perMonth(price.stoppedMicros, price.currency) })}</span>
        </>
      ) : (
        "–"
      )}
    </Fact>
  );
}
