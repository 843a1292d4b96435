"use client";

import { TRPCClientError } from "@trpc/client";
import { useTranslations } from "next-intl";
import { useCallback } from "react";
import { toast } from "sonner";
import { useFormats } from "@/app/_i18n/use-formats";
import { problemOf } from "./problem";

const RESOURCES = ["instances", "vcpus", "memoryMiB", "storageGiB", "publicAddresses", "snapshots"] as const;
type Resource = (typeof RESOURCES)[number];

/** Turns an error into a sentence that its reader can act on: by code with its numbers, else in the server's words. */
export function useProblemText(): (error: unknown) => string {
  const t = useTranslations("errors");
  const resources = useTranslations("resources");
  const formats = useFormats();
  return useCallback(
    (error: unknown) => {
      const problem = problemOf(error);
      if (!problem) return error instanceof TRPCClientError && error.data ? t("unexpected") : t("offline");
      const { detail } = problem;
      switch (problem.code) {
        case "quota-exceeded": {
          const resource = RESOURCES.find((name): name is Resource => name === detail["resource"]);
          const { limit, used, asked } = detail;
          if (!resource || typeof limit !== "number" || typeof used !== "number" || typeof asked !== "number") return problem.message;
          const size = (value: number): string => (resource === "memoryMiB" ? formats.mebibytes(value) : resource === "storageGiB" ? formats.gibibytes(value) : formats.number(value));
          return t("quotaExceeded", { resource: resources(resource), limit: size(limit), used: size(used), asked: size(asked) });
        }
        case "unauthenticated":
          return t("unauthenticated");
        case "forbidden":
          return t("forbidden");
        case "rate-limited":
          return typeof detail["retryAfterSeconds"] === "number" ? t("rateLimited", { seconds: formats.number(detail["retryAfterSeconds"], 0) }) : t("rateLimitedSoon");
        case "standing":
          return t("standing");
        default:
          return problem.message || t("unexpected");
      }
    },
    [t, resources, formats],
  );
}

/** For mutations without a form of their own: shows the sentence as a toast. */
export function useProblemToast(): (error: unknown) => void {
  const text = useProblemText();
  return useCallback((error: unknown) => void toast.error(text(error), { duration: 10_000 }), [text]);
}
