import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { MemberList } from "./member-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("members") };
}

export default function MemberListPage() {
  return <MemberList />;
}
