import { NextIntlClientProvider } from "next-intl";
import { getMessages } from "next-intl/server";
import { NuqsAdapter } from "nuqs/adapters/next/app";
import type { ReactNode } from "react";
import { pickMessages } from "@/app/_i18n/pick-messages";
import { TrpcProvider } from "@/app/_trpc/client";
import { LiveChanges } from "./shell/live-changes";
import { ViewerProvider, type Viewer } from "./shell/viewer";

interface SignedInProps {
  readonly viewer: Viewer;
  readonly part: "portal" | "admin";
  readonly children: ReactNode;
}

/** What every signed-in page stands on: its words, its queries, its live changes, and who looks at it. */
export async function SignedIn({ viewer, part, children }: SignedInProps) {
  return (
    <NextIntlClientProvider messages={pickMessages(await getMessages(), part)}>
      <TrpcProvider>
        <NuqsAdapter>
          <ViewerProvider value={viewer}>
            <LiveChanges organization={viewer.membership?.slug}>{children}</LiveChanges>
          </ViewerProvider>
        </NuqsAdapter>
      </TrpcProvider>
    </NextIntlClientProvider>
  );
}
