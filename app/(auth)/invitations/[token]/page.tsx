import type { Metadata } from "next";
import { NextIntlClientProvider } from "next-intl";
import { getMessages, getTranslations } from "next-intl/server";
import Link from "next/link";
import { Button } from "@/app/_components/ui/button";
import { Notice } from "@/app/_components/ui/notice";
import { pickMessages } from "@/app/_i18n/pick-messages";
import { TrpcProvider } from "@/app/_trpc/client";
import { getSession, serverCaller } from "@/app/_trpc/server";
import { AcceptForm } from "./accept-form";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("auth"))("accept"), referrer: "no-referrer" };
}

export default async function InvitationPage({ params }: { readonly params: Promise<{ token: string }> }) {
  const { token } = await params;
  const t = await getTranslations("auth");
  const roles = await getTranslations("roles");
  const api = await serverCaller();
  // Used, withdrawn, too old and never made are one answer.
  const invitation = await api.account.invitation({ token }).catch(() => null);
  if (!invitation) {
    return (
      <div className="grid gap-4">
        <h1 className="text-xl font-semibold tracking-tight">{t("invitationGone")}</h1>
        <Notice kind="warn">{t("invitationGoneText")}</Notice>
        <Button asChild variant="primary" className="justify-self-start">
          <Link href="/sign-in">{t("signIn")}</Link>
        </Button>
      </div>
    );
  }
  const session = await getSession();
  return (
    <NextIntlClientProvider messages={pickMessages(await getMessages(), "root")}>
      <TrpcProvider>
        <h1 className="text-xl font-semibold tracking-tight">{t("invitationTitle", { organization: invitation.organizationName })}</h1>
        <p className="mt-2 text-muted">{t("invitationText", { role: roles(invitation.role), email: invitation.email })}</p>
        <AcceptForm token={token} email={invitation.email} needsAccount={invitation.needsAccount} signedIn={session?.user.email === invitation.email} />
      </TrpcProvider>
    </NextIntlClientProvider>
  );
}
