"use client";

import { useTranslations } from "next-intl";
import { Field, Input, Select } from "@/app/_components/ui/field";
import { POWER_FIELDS, POWER_KINDS, type PowerKind } from "./power-fields";

/** A power device as it stands in a form: every value is text. */
export interface DeviceDraft {
  readonly kind: PowerKind;
  readonly values: Readonly<Record<string, string>>;
}

export const EMPTY_DEVICE: DeviceDraft = { kind: "ipmi", values: {} };
export const SECOND_ROLES = ["outlet", "controller", "both"] as const;

export interface SecondDraft {
  readonly role: (typeof SECOND_ROLES)[number];
  readonly device: DeviceDraft;
}

export const EMPTY_SECOND: SecondDraft = { role: "outlet", device: EMPTY_DEVICE };

/** What the schema reads: numbers as numbers, nothing for what was left empty. */
export function deviceInput({ kind, values }: DeviceDraft): Record<string, unknown> {
  const numbers = new Set<string>(POWER_FIELDS[kind].filter((field) => field.number).map((field) => field.name));
  return { kind, ...Object.fromEntries(Object.entries(values).filter(([, value]) => value !== "").map(([name, value]) => [name, numbers.has(name) ? Number(value) : value])) };
}

interface DeviceFieldsProps {
  readonly label: string;
  readonly hint: string;
  readonly kinds?: readonly PowerKind[];
  readonly draft: DeviceDraft;
  readonly onChange: (draft: DeviceDraft) => void;
}

/** The kind of a device and what that kind needs; for a grid of two columns. */
export function PowerDeviceFields({ label, hint, kinds = POWER_KINDS, draft, onChange }: DeviceFieldsProps) {
  const t = useTranslations("admin.enroll");
  return (
    <>
      <Field label={label} hint={hint}>
        {(control) => (
          <Select {...control} className="w-full" value={draft.kind} onChange={(event) => onChange({ kind: kinds.find((name) => name === event.target.value) ?? "ipmi", values: {} })}>
            {kinds.map((name) => <option key={name} value={name}>{t(`powerKinds.${name}`)}</option>)}
          </Select>
        )}
      </Field>
      {POWER_FIELDS[draft.kind].map((field) => (
        <Field key={field.name} label={t(`powerFields.${field.name}`)}>
          {(control) => <Input {...control} type={field.secret ? "password" : "text"} inputMode={field.number ? "numeric" : undefined} autoComplete="off" spellCheck={false} placeholder={field.example} value={draft.values[field.name] ?? ""} onChange={(event) => onChange({ kind: draft.kind, values: { ...draft.values, [field.name]: event.target.value } })} />}
        </Field>
      ))}
    </>
  );
}

const SECOND_KINDS = POWER_KINDS.filter((kind) => kind !== "wol");

/** What a second device is to its host, and how it is reached. */
export function SecondPowerFields({ draft, onChange }: { readonly draft: SecondDraft; readonly onChange: (draft: SecondDraft) => void }) {
  const t = useTranslations("admin.secondPower");
  return (
    <>
      <Field label={t("role")} hint={t(`roleHints.${draft.role}`)} className="sm:col-span-2">
        {(control) => (
          <Select {...control} className="w-full" value={draft.role} onChange={(event) => onChange({ ...draft, role: SECOND_ROLES.find((name) => name === event.target.value) ?? "outlet" })}>
            {SECOND_ROLES.map((name) => <option key={name} value={name}>{t(`roles.${name}`)}</option>)}
          </Select>
        )}
      </Field>
      <PowerDeviceFields label={t("device")} hint={t("deviceHint")} kinds={SECOND_KINDS} draft={draft.device} onChange={(device) => onChange({ ...draft, device })} />
    </>
  );
}
