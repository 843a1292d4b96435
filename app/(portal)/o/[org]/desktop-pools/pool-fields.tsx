"use client";

import { useTranslations } from "next-intl";
import { GUEST_KEYBOARDS, GUEST_LOCALES, type GuestKeyboard, type GuestLocale } from "@/server/tenancy/types";
import { CheckboxLine, Field, Input, Select } from "@/app/_components/ui/field";

/** What can be set of a pool at any time. */
export interface PoolValues {
  readonly maximum: number;
  readonly minimumReady: number;
  readonly idleMinutes: number;
  readonly sessionMinutes: number;
  readonly clipboardIn: boolean;
  readonly clipboardOut: boolean;
  readonly remoteResize: boolean;
  readonly filesIn: boolean;
  readonly filesOut: boolean;
  readonly fileLimitMiB: number;
  readonly recordsEvents: boolean;
  readonly locale: GuestLocale | null;
  readonly keyboard: GuestKeyboard | null;
}

/** Keys of messages have no dots. */
export const LOCALE_WORDS = { "en_US.UTF-8": "en", "ja_JP.UTF-8": "ja", "C.UTF-8": "plain" } as const satisfies Readonly<Record<GuestLocale, string>>;

interface FieldsProps {
  readonly value: PoolValues;
  readonly onChange: (value: PoolValues) => void;
  readonly disabled?: boolean;
}

/** As server/desktop/schema.ts has them. */
const RANGES = { maximum: [1, 10_000], minimumReady: [0, 10_000], idleMinutes: [1, 10_080], sessionMinutes: [5, 43_200], fileLimitMiB: [1, 1_024] } as const;
type Figure = Exclude<keyof typeof RANGES, "fileLimitMiB">;
const FIGURES: readonly Figure[] = ["maximum", "minimumReady", "idleMinutes", "sessionMinutes"];
const POLICIES = ["clipboardIn", "clipboardOut", "remoteResize", "filesIn", "filesOut", "recordsEvents"] as const;

const inRange = (value: number, [from, to]: readonly [number, number]): boolean => Number.isInteger(value) && value >= from && value <= to;

export function areValid(value: PoolValues): boolean {
  return [...FIGURES, "fileLimitMiB" as const].every((name) => inRange(value[name], RANGES[name])) && value.minimumReady <= value.maximum;
}

export function SizeFields({ value, onChange, disabled }: FieldsProps) {
  const t = useTranslations("desktopPools.form");
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      {FIGURES.map((name) => {
        const [from, to] = RANGES[name];
        const error = !inRange(value[name], RANGES[name]) ? t("errors.number", { from, to }) : name === "minimumReady" && value.minimumReady > value.maximum ? t("errors.order") : undefined;
        return (
          <Field key={name} label={t(name)} hint={name === "sessionMinutes" ? undefined : t(`${name}Hint`)} error={error}>
            {(control) => <Input {...control} type="number" min={from} max={to} disabled={disabled} value={Number.isNaN(value[name]) ? "" : value[name]} onChange={(event) => onChange({ ...value, [name]: event.target.valueAsNumber })} />}
          </Field>
        );
      })}
    </div>
  );
}

export function PolicyFields({ value, onChange, disabled }: FieldsProps) {
  const t = useTranslations("desktopPools.form");
  return (
    <fieldset className="grid gap-2" disabled={disabled}>
      <legend className="mb-2 font-medium">{t("policy")}</legend>
      {POLICIES.map((name) => <CheckboxLine key={name} label={t(name)} checked={value[name]} onChange={(event) => onChange({ ...value, [name]: event.target.checked })} />)}
      {value.filesIn || value.filesOut ? (
        <Field label={t("fileLimitMiB")} hint={t("fileLimitMiBHint")} error={inRange(value.fileLimitMiB, RANGES.fileLimitMiB) ? undefined : t("errors.number", { from: RANGES.fileLimitMiB[0], to: RANGES.fileLimitMiB[1] })} className="max-w-60">
          {(control) => <Input {...control} type="number" min={1} max={1_024} disabled={disabled} value={Number.isNaN(value.fileLimitMiB) ? "" : value.fileLimitMiB} onChange={(event) => onChange({ ...value, fileLimitMiB: event.target.valueAsNumber })} />}
        </Field>
      ) : null}
      <p className="text-xs text-muted">{t("policyHint")}</p>
    </fieldset>
  );
}

/** What the programs of its desktops speak, and the keyboard that they expect, for people who chose nothing of their own. */
export function LanguageFields({ value, onChange, disabled }: FieldsProps) {
  const t = useTranslations("desktopPools.form");
  const guest = useTranslations("guestLanguage");
  return (
    <fieldset className="grid gap-4 sm:grid-cols-2" disabled={disabled}>
      <legend className="mb-2 font-medium">{guest("title")}</legend>
      <Field label={guest("locale")}>
        {(control) => (
          <Select {...control} className="w-full" disabled={disabled} value={value.locale ?? ""} onChange={(event) => onChange({ ...value, locale: GUEST_LOCALES.find((one) => one === event.target.value) ?? null })}>
            <option value="">{guest("ofPerson")}</option>
            {GUEST_LOCALES.map((one) => <option key={one} value={one}>{guest(`locales.${LOCALE_WORDS[one]}`)}</option>)}
          </Select>
        )}
      </Field>
      <Field label={guest("keyboard")}>
        {(control) => (
          <Select {...control} className="w-full" disabled={disabled} value={value.keyboard ?? ""} onChange={(event) => onChange({ ...value, keyboard: GUEST_KEYBOARDS.find((one) => one === event.target.value) ?? null })}>
            <option value="">{guest("ofLocale")}</option>
            {GUEST_KEYBOARDS.map((one) => <option key={one} value={one}>{guest(`keyboards.${one}`)}</option>)}
          </Select>
        )}
      </Field>
      <p className="text-xs text-muted sm:col-span-2">{t("languageHint")}</p>
    </fieldset>
  );
}
