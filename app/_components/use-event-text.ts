"use client";

import { useLocale, useTranslations } from "next-intl";
import { useCallback } from "react";
import { asWords, listFormat, useWords } from "@/app/_components/use-words";
import type en from "@/app/_i18n/en.json";
import { useFormats } from "@/app/_i18n/use-formats";

export type EventTone = "plain" | "good" | "warn" | "bad";

interface InstanceEvent {
  readonly kind: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Kinds that we have a sentence for, with how they feel. Others are shown by their own name. */
const TONES = {
  ordered: "plain", placed: "plain", started: "good", stopped: "plain", "start-requested": "plain", "stop-requested": "plain", "reboot-requested": "plain",
  rebooted: "good", reset: "plain", moved: "plain", "move-announced": "plain", recovered: "good", "restarted-hung": "warn", "move-failed": "warn", "failed-over": "good", "host-lost": "bad", "waiting-for-capacity": "warn", resized: "good",
  "resize-requested": "plain", "rebuild-requested": "plain", rebuilt: "good", renamed: "plain", deleted: "warn", restored: "good", purged: "plain", crashed: "bad",
  "powered-off": "warn", "guest-shut-down": "plain", "waits-for-boot": "warn", "crashed-again": "bad", "storage-has-room": "good", "purge-requested": "warn", "stopped-by-standing": "warn", "started-after-suspension": "good", "stopped-at-cap": "warn", "started-below-cap": "good",
  "suspend-requested": "plain", suspended: "good", "suspend-failed": "warn", "resume-requested": "plain", resumed: "good", "memory-dropped": "warn",
} as const satisfies Record<keyof (typeof en)["timeline"]["kinds"], EventTone>;
type Kind = keyof typeof TONES;

const isKind = (kind: string): kind is Kind => Object.hasOwn(TONES, kind);

/** Why a machine was moved, as far as its owner is told. */
const CAUSES = ["balance", "sleep", "update", "failing-host"] as const;
const isCause = (cause: string): cause is (typeof CAUSES)[number] => (CAUSES as readonly string[]).includes(cause);

/** Why memory could not be kept, or not be used, by the word that the loops write. */
const REASONS = ["no-room", "held", "stands-still", "not-possible", "used", "not-whole", "does-not-fit"] as const;
const isReason = (reason: string): reason is (typeof REASONS)[number] => (REASONS as readonly string[]).includes(reason);

/** An event in plain words, with the numbers that its detail holds. */
export function useEventText(): (event: InstanceEvent) => { readonly text: string; readonly tone: EventTone } {
  const t = useTranslations("timeline.kinds");
  const part = useTranslations("timeline.parts");
  const formats = useFormats();
  const say = useWords();
  const locale = useLocale();
  return useCallback(
    ({ kind, detail }: InstanceEvent) => {
      const text = (name: string): string | null => (typeof detail[name] === "string" && detail[name] ? detail[name] : null);
      // A change of size tells where it goes to in an object of its own.
      const target: unknown = detail["to"];
      const count = (name: string): number | null => {
        const value: unknown = detail[name] ?? (typeof target === "object" && target !== null ? Reflect.get(target, name) : null);
        return typeof value === "number" ? value : null;
      };
      const parts: string[] = [];
      const pause = count("downtimeMs");
      const total = count("totalMs");
      if (pause !== null) parts.push(part("pause", { duration: formats.duration(pause) }));
      if (total !== null) parts.push(part("took", { duration: formats.duration(total) }));
      const away = count("awayMs");
      if (away !== null) parts.push(part("away", { duration: formats.duration(away) }));
      const stood = count("stoodMs");
      if (stood !== null) parts.push(part("stood", { duration: formats.duration(stood) }));
      const notBefore = text("notBefore");
      if (notBefore) parts.push(part("notBefore", { time: formats.dateTime(new Date(notBefore)) }));
      const cause = text("cause");
      if (cause && isCause(cause)) parts.push(part(`cause-${cause}`));
      const vcpus = count("vcpus");
      const memory = count("memoryMiB");
      const disk = count("diskGiB");
      if (vcpus !== null || memory !== null || disk !== null) {
        parts.push([vcpus === null ? null : part("vcpus", { count: vcpus }), memory === null ? null : formats.mebibytes(memory), disk === null ? null : formats.gibibytes(disk)].filter((word) => word !== null).join(" · "));
      }
      for (const name of [text("flavorName"), text("imageName")]) if (name) parts.push(name);
      const from = text("from");
      const to = text("to");
      if (kind === "renamed" && from && to) parts.push(`${from} → ${to}`);
      const plain = text("text") ?? text("reason") ?? text("error") ?? text("message");
      // The first sentence says it; what each server lacks stands in the notice above.
      const words = asWords(detail["words"]);
      const reason = say(kind === "waiting-for-capacity" ? words?.slice(0, 1) : words, plain ?? "");
      if (reason) parts.push(isReason(reason) ? part(`reason-${reason}`) : reason);
      const sentence = isKind(kind) ? t(kind) : kind.replaceAll("-", " ");
      return { text: parts.length ? part("join", { sentence, detail: listFormat(locale).format(parts) }) : sentence, tone: isKind(kind) ? TONES[kind] : "plain" };
    },
    [t, part, formats, say, locale],
  );
}
