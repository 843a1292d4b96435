"use client";

import type { UseQueryResult } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import type { ReactNode } from "react";
import { Button } from "@/app/_components/ui/button";
import { Notice } from "@/app/_components/ui/notice";
import { SkeletonRows } from "@/app/_components/ui/skeleton";
import { useProblemText } from "@/app/_trpc/use-problem-text";

interface LoadedProps<T> {
  readonly query: UseQueryResult<T, unknown>;
  readonly skeleton?: ReactNode;
  readonly children: (data: T) => ReactNode;
}

/** A query's data once it is there; its shape before that; what to do when it failed. Old data stays while new is on its way. */
export function Loaded<T>({ query, skeleton, children }: LoadedProps<T>) {
  const t = useTranslations("common");
  const problem = useProblemText();
  if (query.data !== undefined) return children(query.data);
  if (query.isError) {
    return (
      <Notice
        kind="bad"
        className="m-1"
        action={
          <Button size="sm" busy={query.isFetching} onClick={() => void query.refetch()}>
            {t("retry")}
          </Button>
        }
      >
        {problem(query.error)}
      </Notice>
    );
  }
  return skeleton ?? <SkeletonRows />;
}
