import { redirect } from "next/navigation";

export default async function OrganizationPage({ params }: { readonly params: Promise<{ org: string }> }) {
  redirect(`/o/${(await params).org}/instances`);
}
