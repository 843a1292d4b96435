import { SensorReader } from "./advise-evacuations";
import { InstanceConverger } from "./converge-instances";
import { checkGoldenImagesLoop } from "./check-golden-images";
import { enrollHostsLoop } from "./enroll-hosts";
import type { MailDriver } from "@/server/drivers/mail/types";
import { consolidateClustersLoop } from "./consolidate-clusters";
import { enforceStandingLoop } from "./enforce-standing";
import { drillHostsLoop } from "./drill-hosts";
import { evacuateHostsLoop } from "./evacuate-hosts";
import { failOverInstancesLoop } from "./fail-over-instances";
import { fenceHostsLoop } from "./fence-hosts";
import { followIncidentsLoop } from "./follow-incidents";
import { followRulesLoop } from "./follow-rules";
import { guardCertificatesLoop } from "./guard-certificates";
import { importImagesLoop } from "./import-images";
import { PowerMeter } from "./meter-power";
import { keepDesktopsLoop } from "./keep-desktops";
import { issueInvoicesLoop } from "./issue-invoices";
import { keepSamplesLoop, recountUsageLoop } from "./keep-usage";
import { migrateInstancesLoop } from "./migrate-instances";
import { HostObserver } from "./observe-hosts";
import { paymentLoops, type PaymentLoopOptions } from "./payments/loops";
import { playRehearsalsLoop } from "./play-rehearsals";
import { pictureDesktopsLoop } from "./picture-desktops";
import { placeInstancesLoop } from "./place-instances";
import { powerHostsLoop } from "./power-hosts";
import { meterResourcesLoop, purgeTrashLoop } from "./purge-trash";
import { rebalanceClustersLoop } from "./rebalance-clusters";
import { removeStraysLoop } from "./remove-strays";
import { HangWatcher } from "./restart-hung-guests";
import { returnHostsLoop } from "./return-hosts";
import { expireRecordsLoop, sendOutboxLoop } from "./send-outbox";
import { LeaseWatcher } from "./watch-leases";
import { updateHostsLoop } from "./update-hosts";
import { wakeHostsLoop } from "./wake-hosts";
import { watchBudgetsLoop } from "./watch-budgets";
import type { LoopDefinition } from "./types";

/** Everything that runs by itself, in one list. Made anew for each worker: some of them remember things between passes. */
export function allLoops(options: { readonly imageUploadDirectory: string; readonly mail: MailDriver; readonly payments?: PaymentLoopOptions }): readonly LoopDefinition[] {
  return [
    new HostObserver(),
    fenceHostsLoop,
    failOverInstancesLoop,
    returnHostsLoop,
    removeStraysLoop,
    enrollHostsLoop,
    placeInstancesLoop,
    new InstanceConverger(),
    evacuateHostsLoop,
    rebalanceClustersLoop,
    consolidateClustersLoop,
    guardCertificatesLoop,
    powerHostsLoop,
    wakeHostsLoop,
    new PowerMeter(),
    new LeaseWatcher(),
    followIncidentsLoop,
    new SensorReader(),
    new HangWatcher(),
    updateHostsLoop,
    followRulesLoop,
    playRehearsalsLoop,
    drillHostsLoop,
    migrateInstancesLoop,
    importImagesLoop(options.imageUploadDirectory),
    purgeTrashLoop,
    meterResourcesLoop,
    issueInvoicesLoop,
    watchBudgetsLoop,
    recountUsageLoop,
    keepSamplesLoop,
    enforceStandingLoop,
    keepDesktopsLoop,
    pictureDesktopsLoop,
    checkGoldenImagesLoop,
    sendOutboxLoop(options.mail),
    expireRecordsLoop,
    ...(options.payments ? paymentLoops(options.payments) : []),
  ];
}
