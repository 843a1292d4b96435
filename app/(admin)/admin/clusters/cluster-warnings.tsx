"use client";

import type { RouterOutputs } from "@/server/api/root";
import { Notice } from "@/app/_components/ui/notice";
import { useWords } from "@/app/_components/use-words";

type Warnings = RouterOutputs["admin"]["clusters"]["list"]["items"][number]["warnings"];

/** What an operator should look at. */
export function ClusterWarnings({ warnings }: { readonly warnings: Warnings }) {
  const say = useWords();
  return warnings.map((warning) => {
    const text = typeof warning === "string" ? warning : say(warning.words, warning.text);
    return <Notice key={text} kind="warn">{text}</Notice>;
  });
}
