import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { IntlMessageFormat } from "intl-messageformat";
import { describe, expect, it } from "vitest";
import { incidentReport, type ReportLanguage } from "@/app/(admin)/admin/clusters/[id]/incident-report";
import en from "@/app/_i18n/en.json";
import { formats } from "@/app/_i18n/formats";
import ja from "@/app/_i18n/ja.json";
import { sentence, sentences } from "@/server/platform/sentences";

const server = fileURLToPath(new URL("../../server", import.meta.url));

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? sources(join(folder, entry.name)) : entry.name.endsWith(".ts") ? [join(folder, entry.name)] : []));
}

/** What a key of a repeated request is about is no entry of the trail. */
const NO_ACTIONS: ReadonlySet<string> = new Set(["instances.create"]);

/** Codes of actions as verbs write them: `noun.verb`, or `noun.${something}`. */
function actions(): string[] {
  const texts = sources(server).map((file) => readFileSync(file, "utf8")).filter((text) => /recordAudits?\(|FILE_ACTIONS/.test(text));
  return [...new Set(texts.flatMap((text) => [...text.matchAll(/(?:action: (?:[\w.?! ]+\? )?|, |\b(?:list|in|out): )["`]([a-z-]+\.(?:[a-z-]+|[a-z-]*\$\{[^}]+\}))["`]/g)].map((match) => match[1]!)))].filter((action) => !NO_ACTIONS.has(action));
}

describe.each([["English", en], ["Japanese", ja]] as const)("the audit trail in %s", (_name, messages) => {
  const known = { nouns: new Set(Object.keys(messages.audit.nouns)), verbs: new Set(Object.keys(messages.audit.verbs)) };

  it("has words for every action that any verb writes", () => {
    const found = actions();
    expect(found.length).toBeGreaterThan(80);
    const missing = found.filter((action) => {
      const [noun = "", verb = ""] = action.split(".", 2);
      return !known.nouns.has(noun) || (!verb.includes("${") && !known.verbs.has(verb));
    });
    expect(missing, "audit.nouns and audit.verbs in both message files").toEqual([]);
  });

  it("has words for what is only known when it happens", () => {
    const later = ["deleted", "purge-requested", "reboot-requested", "rebuild-requested", "renamed", "resize-requested", "restored", "start-requested", "stop-requested", "suspend-requested", "stopped-at-cap", "started-below-cap", "stopped-by-standing", "started-after-suspension", "changed", "rolled-out", "version-published", "version-retired", "pause", "resume", "abort", "reminded", "restricted", "suspended", "retained", "succeeded", "failed"];
    expect(later.filter((verb) => !known.verbs.has(verb))).toEqual([]);
  });
});

describe("the report of an incident", () => {
  const openedAt = new Date("2026-11-23T20:00:00.000Z");
  const at = (ms: number) => new Date(openedAt.getTime() + ms);
  const entry = (ms: number, said: { text: string; words: ReturnType<typeof sentence>["words"] | null }) => ({ id: `ine_${ms}`, incidentId: "inc_1", at: at(ms), kind: "signal", text: said.text, words: said.words, detail: {} });
  const title = sentence("incident-host-lost", { host: "h1" });
  const incident = {
    id: "inc_1", clusterId: "cls_1", hostId: "hst_1", hostName: "h1", kind: "host-lost" as const, title: title.text, titleWords: title.words, openedAt, closedAt: at(9_400), figures: { detectMs: 3_800, witness: "h2" },
    entries: [entry(0, sentence("note-silent", { host: "h1" })), entry(3_800, sentences(sentence("note-fencing-asked"), sentence("host-controller-off"))), entry(7_900, { text: "web-1 runs on h2 | of before.", words: null })],
  };
  const language = (locale: "en" | "ja", timeZone: string): ReportLanguage => {
    const messages = locale === "en" ? en : ja;
    const format = (message: string, values: Readonly<Record<string, unknown>> = {}): string => String(new IntlMessageFormat(message, locale).format(values));
    const known: Readonly<Record<string, string>> = messages.server.sentences;
    return { locale, timeZone, duration: formats({ locale, timeZone, words: { perHour: String, perMonth: String } }).duration, phrase: (key, values) => format(messages.admin.automation.report[key], values), say: (words, text) => (words ? words.map(({ code, params }) => format(known[code]!, params)).join(locale === "ja" ? "" : " ") : text) };
  };

  it("is written in its reader's language and zone, and keeps lines of before as they are", () => {
    const english = incidentReport(incident, language("en", "UTC"));
    expect(english.fileName).toBe("incident-2026-11-23-20-00-h1.md");
    expect(english.text).toMatch(/^# h1 was lost\n\nFirst signal: 11\/23\/2026, 20:00:00\.0 \(UTC\)\n/);
    expect(english.text).toContain("| 11/23/2026, 20:00:03.8 | +3.8s | Its fencing was asked for: It is silent, and its management controller says that it is off. |");
    expect(english.text).toContain("web-1 runs on h2 \\| of before.");
    expect(english.text).toContain("- witness: h2");
    expect(english.text).not.toContain("detectMs");
    const japanese = incidentReport(incident, language("ja", "Asia/Tokyo")).text;
    expect(japanese).toContain("# h1 の喪失");
    expect(japanese).toContain("| 2026/11/24 05:00:03.8 | +3.8 秒 | フェンシングを依頼しました：応答がなく、管理コントローラーは停止していると伝えています。 |");
  });
});

describe.each([["English", en], ["Japanese", ja]] as const)("the loops in %s", (_name, messages) => {
  it("are each said to do something, and nothing else is", () => {
    const folder = join(server, "reconcilers");
    const texts = sources(folder).map((file) => readFileSync(file, "utf8")).filter((text) => /LoopDefinition/.test(text));
    const names = texts.flatMap((text) => [...text.matchAll(/\bname(?: =|:) "([a-z]+(?:-[a-z]+)+)"/g)].map((match) => match[1]!));
    expect(names.length).toBeGreaterThan(35);
    expect(Object.keys(messages.admin.loops.does).toSorted()).toEqual(names.toSorted());
  });
});
