import { z } from "zod";
import type { RouterOutputs } from "@/server/api/root";

export type Entry = RouterOutputs["desktopPools"]["sessionEvents"]["items"][number];

const folded = z.object({
  kind: z.enum(["clipboard-in", "clipboard-out", "resize", "special-keys", "power"]),
  times: z.number(), lastAt: z.coerce.date(), firstAt: z.coerce.date(),
  characters: z.number().default(0), width: z.number().default(0), height: z.number().default(0), keys: z.string().default(""),
});
export type Folded = z.infer<typeof folded>;

const opened = z.object({ entry: z.enum(["opened", "reconnected", "beside", "looked-in", "taken-over"]), viewOnly: z.boolean() });
const closed = z.object({ code: z.number() });
const file = z.object({ name: z.string(), bytes: z.number(), done: z.boolean() });
const told = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("screenshot"), noMoreKept: z.boolean().default(false) }),
  z.object({ kind: z.literal("clipboard-out"), characters: z.number(), noMoreKept: z.boolean().default(false) }),
]);

/** How the gateway ends a console (server/console/close-codes.ts), as far as a reader wants to tell it apart. */
const CLOSED = { 1000: "left", 1001: "gateway", 1009: "protocol", 4403: "ended", 4408: "idle", 4409: "limit", 4410: "machine", 4411: "unreachable", 4413: "protocol" } as const;
export type ClosedWhy = (typeof CLOSED)[keyof typeof CLOSED] | "other";
const whyOf = (code: number): ClosedWhy => (Object.entries(CLOSED).find(([known]) => known === String(code))?.[1] ?? "other");

export type Line =
  | { readonly kind: "plain"; readonly what: "asked" | "logged-off" | "ended-by-admin" }
  | { readonly kind: "opened"; readonly entry: z.infer<typeof opened>["entry"]; readonly viewOnly: boolean }
  | { readonly kind: "closed"; readonly why: ClosedWhy; readonly code: number }
  | { readonly kind: "file"; readonly way: "file-in" | "file-out"; readonly name: string; readonly bytes: number; readonly done: boolean }
  | { readonly kind: "folded"; readonly event: Folded }
  | { readonly kind: "screenshot" | "noMoreKept" }
  | { readonly kind: "told-text"; readonly characters: number }
  | { readonly kind: "unknown"; readonly action: string };

const PLAIN = { "desktop-session.opened": "asked", "desktop-session.logged-off": "logged-off", "desktop-session.ended-by-admin": "ended-by-admin" } as const;

/** What an entry of the trail says to a reader, line by line; an entry of a kind that is not known here keeps its name. */
export function linesOf({ action, after }: Entry): readonly Line[] {
  const unknown: Line = { kind: "unknown", action };
  const plain = Object.entries(PLAIN).find(([name]) => name === action)?.[1];
  if (plain) return [{ kind: "plain", what: plain }];
  switch (action) {
    // How the session felt is the operator's figure, and no event.
    case "desktop-session.measured":
      return [];
    case "desktop-session.console-opened": {
      const { data } = opened.safeParse(after);
      return [data ? { kind: "opened", ...data } : unknown];
    }
    case "desktop-session.console-closed": {
      const { data } = closed.safeParse(after);
      return [data ? { kind: "closed", why: whyOf(data.code), code: data.code } : unknown];
    }
    case "desktop-session.activity": {
      const { data } = z.object({ events: z.array(folded) }).safeParse(after);
      return data ? data.events.map((event): Line => ({ kind: "folded", event })) : [unknown];
    }
    case "desktop-session.file-in":
    case "desktop-session.file-out": {
      const { data } = file.safeParse(after);
      return [data ? { kind: "file", way: action === "desktop-session.file-in" ? "file-in" : "file-out", ...data } : unknown];
    }
    case "desktop-session.told": {
      const { data } = told.safeParse(after);
      if (!data) return [unknown];
      const line: Line = data.kind === "screenshot" ? { kind: "screenshot" } : { kind: "told-text", characters: data.characters };
      return data.noMoreKept ? [line, { kind: "noMoreKept" }] : [line];
    }
    default:
      return [unknown];
  }
}
