import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { CouponList } from "./coupon-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("adminMoney.tabs"))("coupons") };
}

export default function CouponListPage() {
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.admin.billing.coupons.queryOptions())]}>
      <CouponList />
    </Prefetched>
  );
}
