import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { EnrollHost } from "./enroll-host";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("hosts") };
}

export default function EnrollHostPage() {
  return <EnrollHost />;
}
