import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { AuditTrail } from "./audit-trail";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("audit") };
}

export default function AuditTrailPage() {
  return <AuditTrail />;
}
