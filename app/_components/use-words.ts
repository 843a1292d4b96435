"use client";

import { useLocale, useMessages, useTranslations } from "next-intl";
import { useCallback } from "react";
import { useFormats } from "@/app/_i18n/use-formats";

type Name = string | { readonly server: number };
/** An amount in the smallest coin of its currency. */
interface Money {
  readonly minor: number;
  readonly currency: string;
}
type Value = string | number | Name | Money | readonly Name[];

/** A sentence of the server as data (server/platform/sentences.ts, server/planner/words.ts). */
export interface Words {
  readonly code: string;
  readonly params: Readonly<Record<string, Value>>;
}

/** The server's words as it stored them somewhere in a JSON column; null when it is something else. */
export function asWords(value: unknown): Words[] | null {
  if (!Array.isArray(value)) return null;
  const words: Words[] = [];
  for (const one of value) {
    if (typeof one !== "object" || one === null || !("code" in one) || typeof one.code !== "string" || !("params" in one) || typeof one.params !== "object" || one.params === null) return null;
    words.push({ code: one.code, params: Object.fromEntries(Object.entries(one.params).filter((entry): entry is [string, Value] => isValue(entry[1]))) });
  }
  return words;
}

const isName = (value: unknown): value is Name => typeof value === "string" || (typeof value === "object" && value !== null && "server" in value && typeof value.server === "number");
const isMoney = (value: unknown): value is Money => typeof value === "object" && value !== null && "minor" in value && typeof value.minor === "number" && "currency" in value && typeof value.currency === "string";
const isValue = (value: unknown): value is Value => typeof value === "number" || isName(value) || isMoney(value) || (Array.isArray(value) && value.every(isName));

/** "A, B, C" as the language writes it: Japanese sets its own comma, which Intl has only for conjunctions. */
export function listFormat(locale: string): Intl.ListFormat {
  return new Intl.ListFormat(locale, locale === "ja" ? { type: "conjunction" } : { type: "unit", style: "short" });
}

/** Says the server's sentences in the reader's language; where one of them is unknown here, the server's own text stands. */
export function useWords(): (words: readonly Words[] | null | undefined, fallback: string) => string {
  const t = useTranslations("server.sentences");
  const names = useTranslations("server.names");
  const messages = useMessages();
  const locale = useLocale();
  const formats = useFormats();
  return useCallback(
    (words, fallback) => {
      const known: object = messages.server?.sentences ?? {};
      const isCode = (code: string): code is keyof NonNullable<typeof messages.server>["sentences"] => Object.hasOwn(known, code);
      if (!words || words.length === 0) return fallback;
      const list = listFormat(locale);
      const name = (value: Name): string => (typeof value === "string" ? value : names("server", { number: value.server }));
      const shown = (key: string, value: Value): string | number => {
        // A moment is stored in UTC and read in the reader's zone.
        if (key.endsWith("At") && typeof value === "string") return formats.dateTime(new Date(value));
        if (isMoney(value)) return formats.moneyMinor(value.minor, value.currency);
        if (typeof value !== "number") return isName(value) ? name(value) : list.format(value.map(name));
        // The unit of a figure is the last part of its name.
        if (key.endsWith("MiB")) return formats.mebibytes(value);
        if (key.endsWith("GiB")) return formats.gibibytes(value);
        if (key.endsWith("Seconds") || key === "seconds") return formats.duration(value * 1000);
        return value;
      };
      const said: string[] = [];
      for (const { code, params } of words) {
        if (!isCode(code)) return fallback;
        said.push(t(code, Object.fromEntries(Object.entries(params).map(([key, value]) => [key, shown(key, value)]))));
      }
      // Japanese sets no space after its full stop.
      return said.join(locale === "ja" ? "" : " ");
    },
    [t, names, messages, locale, formats],
  );
}
