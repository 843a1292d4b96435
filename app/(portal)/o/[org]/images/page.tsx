import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { ImageList } from "./image-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("images") };
}

export default function ImageListPage() {
  return <ImageList />;
}
