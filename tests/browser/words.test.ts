import { IntlMessageFormat } from "intl-messageformat";
import { describe, expect, it } from "vitest";
import en from "@/app/_i18n/en.json";
import ja from "@/app/_i18n/ja.json";
import { PLANNER_WORDS } from "@/server/planner";
import { SENTENCES } from "@/server/platform/sentences";

/** All codes with the names of their figures, from the two lists of the server. */
const CODES = new Map<string, readonly string[]>([
  ...Object.entries(PLANNER_WORDS).map(([code, names]): [string, readonly string[]] => [code, names]),
  ...Object.entries(SENTENCES).map(([code, text]): [string, readonly string[]] => [code, [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!)]),
]);

const LANGUAGES = [
  ["English", "en", en.server.sentences],
  ["Japanese", "ja", ja.server.sentences],
] as const;

/** The names that a message fills in, read from its syntax tree, so that the branches of a plural are no names. */
function figures(message: string, locale: string): string[] {
  const names = new Set<string>();
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    else if (typeof value === "object" && value !== null) {
      // 1 argument, 2 number, 3 date, 4 time, 5 select, 6 plural: all of them name a figure.
      if ("type" in value && typeof value.type === "number" && value.type >= 1 && value.type <= 6 && "value" in value && typeof value.value === "string") names.add(value.value);
      if ("options" in value && typeof value.options === "object" && value.options !== null) Object.values(value.options).forEach((option: { value: unknown }) => walk(option.value));
    }
  };
  walk(new IntlMessageFormat(message, locale).getAst());
  return [...names].toSorted();
}

describe.each(LANGUAGES)("the server's sentences in %s", (_name, locale, messages) => {
  const known = new Map(Object.entries(messages));

  it("has no code in both lists of the server", () => {
    expect(Object.keys(PLANNER_WORDS).filter((code) => Object.hasOwn(SENTENCES, code))).toEqual([]);
  });

  it("knows every code, and no other", () => {
    expect([...known.keys()].toSorted()).toEqual([...CODES.keys()].toSorted());
  });

  it.each([...CODES])("says %s with the same figures", (code, names) => {
    expect(figures(known.get(code) ?? "", locale)).toEqual([...names].toSorted());
  });
});
