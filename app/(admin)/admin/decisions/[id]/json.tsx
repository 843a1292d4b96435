"use client";

import { useLocale, useTranslations } from "next-intl";
import Link from "next/link";
import { asWords, useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";

/** Names of stored values that we have words for; others are shown as they are. */
const KEYS = [
  "startOrder", "waitedMs", "startedAt", "restartMs", "error", "cancelled", "blocked", "lastError", "errorFraction", "marginBefore", "marginAfter", "movedSeconds",
  "aheadSeconds", "allowedFraction", "asleep", "attempts", "awakeAfter", "awakeCapacityMillicores", "cause", "fenceAfterSeconds", "forecastPeakMillicores", "guard", "loads", "lost", "operator", "planDecisionId", "suspectAfterSeconds", "targets", "waiting", "wakeSeconds",
  "action", "after", "antiAffinityGroup", "awakeHosts", "before", "bytes", "class", "clusterGeneration", "confirmedToDecidedMs", "cpuRatio", "cpuReservationMillicores", "detectMs", "diskGiB", "downtimeMs", "empty", "failoverReserveHosts", "fenceMs", "flavor", "fromHostId", "fromHostName",
  "gbMoved", "generation", "hostId", "hostName", "hosts", "id", "instance", "instanceId", "instances", "instancesRestarted", "lastSeenAt", "linkMbps", "lostHost", "memoryLeftMiB", "memoryMiB", "memoryRatio", "memoryReservationMiB", "method", "migrationsAtOnce", "migrationsPerHost", "moves", "name", "numbers", "op",
  "otherChanges", "placedInstances", "policy", "priority", "reason", "requestedAt", "requestedBy", "score", "seconds", "silentMs", "silentSince", "smallestChange", "startMs", "storageFloorMiB", "storageRatio", "toHostId", "toHostName", "totalMs", "transferredBytes", "vcpus", "vcpusLeft", "wave",
] as const;
type Key = (typeof KEYS)[number];
const KNOWN: ReadonlySet<string> = new Set(KEYS);
const isKey = (name: string): name is Key => KNOWN.has(name);
/** Words of the plans themselves, as values. */
const VALUES = ["accept", "balance", "cut-power", "drop", "failing-host", "follow", "lease", "live", "migrate", "place", "power", "power-off", "power-on", "restart", "restart-at-once", "sleep", "start", "stop", "update", "vouched", "wait", "wake", "wake-test"] as const;
type Named = (typeof VALUES)[number];
const NAMED: ReadonlySet<string> = new Set(VALUES);
const isNamed = (value: string): value is Named => NAMED.has(value);
/** Where such a word can stand; a machine may be called "update". */
const WORDED: ReadonlySet<string> = new Set(["action", "op", "cause", "method"]);
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

/** A value with the unit that its name ends with. */
function Scalar({ name, value }: { readonly name: string; readonly value: string | number | boolean }) {
  const common = useTranslations("common");
  const values = useTranslations("admin.decisions.values");
  const formats = useFormats();
  if (typeof value === "boolean") return common(value ? "yes" : "no");
  if (typeof value === "number") {
    if (name.endsWith("MiB")) return formats.mebibytes(value);
    if (name.endsWith("GiB")) return formats.gibibytes(value);
    if (name.endsWith("Ms")) return formats.duration(value);
    if (name === "seconds" || name.endsWith("Seconds")) return formats.duration(value * 1000);
    if (name.endsWith("Bytes")) return formats.bytes(value);
    return formats.number(value, 3);
  }
  if (WORDED.has(name) && isNamed(value)) return values(value);
  if (ISO.test(value)) return formats.dateTime(new Date(value));
  if (value.startsWith("hst_")) return <Link className="font-mono text-xs hover:underline" href={`/admin/hosts/${value}`}>{value}</Link>;
  return value;
}

/** A stored value as nested name and value pairs: readable without knowing its shape. */
export function Json({ value, name = "" }: { readonly value: unknown; readonly name?: string }) {
  const t = useTranslations("admin.decisions.keys");
  const say = useWords();
  const locale = useLocale();
  if (value === null || value === undefined) return <span className="text-muted">–</span>;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return <span className="numeric break-words"><Scalar name={name} value={value} /></span>;
  if (Array.isArray(value)) {
    if (value.every((entry) => typeof entry !== "object")) return <span className="break-words">{value.join(locale === "ja" ? "、" : ", ") || "–"}</span>;
    return (
      <ol className="grid gap-2">
        {value.map((entry, index) => (
          <li key={index} className="rounded-md border p-2"><Json value={entry} /></li>
        ))}
      </ol>
    );
  }
  if (typeof value !== "object") return null;
  const { words, text, ...rest } = { words: undefined, text: undefined, ...value };
  const said = say(asWords(words), typeof text === "string" ? text : "");
  return (
    <div className="grid gap-1">
      {said ? <p>{said}</p> : null}
      <dl className="grid gap-x-4 gap-y-1">
        {Object.entries(rest).map(([key, entry]) => (
          <div key={key} className={typeof entry === "object" && entry !== null ? "grid gap-1" : "flex flex-wrap gap-x-3"}>
            <dt className="text-xs leading-5 text-muted">{isKey(key) ? t(key) : key}</dt>
            <dd className={typeof entry === "object" && entry !== null ? "border-l pl-3" : "min-w-0"}><Json value={entry} name={key} /></dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
