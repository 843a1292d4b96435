"use client";

import { TRPCClientError } from "@trpc/client";
import { useTranslations } from "next-intl";
import { useCallback } from "react";
import { toast } from "sonner";
import { useFormats } from "@/app/_i18n/use-formats";
import { useWords } from "@/app/_components/use-words";
import { problemOf } from "./problem";

const RESOURCES = ["instances", "vcpus", "memoryMiB", "storageGiB", "publicAddresses", "snapshots"] as const;
type Resource = (typeof RESOURCES)[number];

interface Shortage {
  readonly resource: Resource;
  readonly limit: number;
  readonly used: number;
  readonly asked: number;
}

/** The resources that did not fit, as server/quota/rules.ts names them; empty for other limits. */
function shortagesOf(detail: Readonly<Record<string, unknown>>): Shortage[] {
  if (!Array.isArray(detail["resources"])) return [];
  return detail["resources"].flatMap((one: Readonly<Record<string, unknown>>) => {
    const resource = RESOURCES.find((name) => name === one["resource"]);
    const { limit, used, asked } = one;
    return resource && typeof limit === "number" && typeof used === "number" && typeof asked === "number" ? [{ resource, limit, used, asked }] : [];
  });
}

/** Turns an error into a sentence that its reader can act on: by code with its numbers, else in the server's words. */
export function useProblemText(): (error: unknown) => string {
  const t = useTranslations("errors");
  const resources = useTranslations("resources");
  const formats = useFormats();
  const say = useWords();
  return useCallback(
    (error: unknown) => {
      const problem = problemOf(error);
      if (!problem) return error instanceof TRPCClientError && error.data ? t("unexpected") : t("offline");
      const { detail } = problem;
      switch (problem.code) {
        case "quota-exceeded": {
          const shown = shortagesOf(detail).map(({ resource, limit, used, asked }) => {
            const size = (value: number): string => (resource === "memoryMiB" ? formats.mebibytes(value) : resource === "storageGiB" ? formats.gibibytes(value) : formats.number(value));
            return t("quotaExceeded", { resource: resources(resource), limit: size(limit), used: size(used), asked: size(asked) });
          });
          return shown.length > 0 ? shown.join(" ") : say(problem.words, problem.message);
        }
        case "unauthenticated":
          return t("unauthenticated");
        case "forbidden":
          return say(problem.words, t("forbidden"));
        case "rate-limited":
          return typeof detail["retryAfterSeconds"] === "number" ? t("rateLimited", { seconds: formats.number(detail["retryAfterSeconds"], 0) }) : t("rateLimitedSoon");
        case "standing":
          return say(problem.words, t("standing"));
        default:
          return say(problem.words, problem.message || t("unexpected"));
      }
    },
    [t, resources, formats, say],
  );
}

/** For mutations without a form of their own: shows the sentence as a toast. */
export function useProblemToast(): (error: unknown) => void {
  const text = useProblemText();
  return useCallback((error: unknown) => void toast.error(text(error), { duration: 10_000 }), [text]);
}
