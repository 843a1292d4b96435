import type { RouterOutputs } from "@/server/api/root";

type Incident = RouterOutputs["admin"]["automation"]["incident"];
type Words = Incident["titleWords"];

/** What a report is written with: a language, a zone, and the sentences of both. */
export interface ReportLanguage {
  readonly locale: string;
  readonly timeZone: string;
  /** A heading of the report. */
  readonly phrase: (key: "firstSignal" | "end" | "goesOn" | "lasted" | "moment" | "after" | "what", values?: Readonly<Record<string, string>>) => string;
  /** A stored sentence; its text where nobody stored it as data. */
  readonly say: (words: Words, text: string) => string;
  readonly duration: (ms: number) => string;
}

/** Figures that the lines of the report tell already. */
const TOLD: ReadonlySet<string> = new Set(["detectMs", "fenceMs", "method", "instances", "back", "totalMs"]);

/** An incident as a report that can be sent on: Markdown in its reader's language and zone, each line with its distance from the first signal. Pure. */
export function incidentReport(incident: Incident, language: ReportLanguage): { readonly fileName: string; readonly text: string } {
  const { locale, timeZone, phrase, say, duration } = language;
  // Half a second matters in a failover, so moments are told to the tenth.
  const format = new Intl.DateTimeFormat(locale, { timeZone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 1, hourCycle: "h23" });
  const { openedAt, closedAt } = incident;
  const figures = Object.entries(incident.figures).filter(([name]) => !TOLD.has(name));
  const lines = [
    `# ${say(incident.titleWords, incident.title)}`,
    "",
    phrase("firstSignal", { time: format.format(openedAt), zone: timeZone }),
    closedAt ? phrase("end", { time: format.format(closedAt), zone: timeZone }) : phrase("goesOn"),
    ...(closedAt ? [phrase("lasted", { duration: duration(closedAt.getTime() - openedAt.getTime()) })] : []),
    "",
    `| ${phrase("moment", { zone: timeZone })} | ${phrase("after")} | ${phrase("what")} |`,
    "|---|---|---|",
    ...incident.entries.map((entry) => `| ${format.format(entry.at)} | +${duration(Math.max(0, entry.at.getTime() - openedAt.getTime()))} | ${say(entry.words, entry.text).replaceAll("|", "\\|")} |`),
    "",
    ...figures.map(([name, value]) => `- ${name}: ${typeof value === "number" || typeof value === "string" ? value : JSON.stringify(value)}`),
    "",
  ];
  return { fileName: `incident-${openedAt.toISOString().slice(0, 16).replace(/[:T]/g, "-")}-${incident.hostName ?? "cluster"}.md`, text: lines.join("\n") };
}
