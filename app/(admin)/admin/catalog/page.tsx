import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Catalog } from "./catalog";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("catalog") };
}

export default function CatalogPage() {
  return <Catalog />;
}
