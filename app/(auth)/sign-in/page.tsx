import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { redirect } from "next/navigation";
import { getSession } from "@/app/_trpc/server";
import { SignInForm } from "./sign-in-form";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("auth"))("signIn") };
}

/** Only a path of our own: an address elsewhere would make the sign-in page a lure. */
function safeNext(next: string | string[] | undefined): string {
  return typeof next === "string" && /^\/(?![/\\])/.test(next) ? next : "/o";
}

export default async function SignInPage({ searchParams }: { readonly searchParams: Promise<Record<string, string | string[] | undefined>> }) {
  const next = safeNext((await searchParams)["next"]);
  if (await getSession()) redirect(next);
  const t = await getTranslations("auth");
  return (
    <>
      <h1 className="text-xl font-semibold tracking-tight">{t("signInTitle")}</h1>
      <SignInForm next={next} />
      <p className="mt-6 text-xs text-muted">{t("noAccount")}</p>
    </>
  );
}
