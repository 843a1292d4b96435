import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { PageHead } from "@/app/_components/page-head";
import { DesktopsCard } from "./desktops-card";
import { PasswordCard } from "./password-card";
import { ProfileCard } from "./profile-card";
import { SessionsCard } from "./sessions-card";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("account") };
}

export default async function AccountPage() {
  const nav = await getTranslations("nav");
  return (
    <>
      <PageHead title={nav("account")} />
      <div className="grid max-w-2xl gap-4">
        <ProfileCard />
        <DesktopsCard />
        <PasswordCard />
        <SessionsCard />
      </div>
    </>
  );
}
