import { getLocale, getTranslations } from "next-intl/server";
import { connection } from "next/server";
import { Badge } from "@/app/_components/ui/badge";
import { Card } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { formats } from "@/app/_i18n/formats";
import { serverCaller } from "@/app/_trpc/server";

/** What is on sale now, straight from the catalog: a price on this page is the price on the invoice. */
export async function PriceTable() {
  await connection();
  const [t, flavor, units, locale, api] = await Promise.all([getTranslations("site"), getTranslations("flavor"), getTranslations("units"), getLocale(), serverCaller()]);
  const { perHour, perMonth, mebibytes, gibibytes } = formats({ locale, timeZone: "UTC", words: { perHour: (amount) => units("perHour", { amount }), perMonth: (amount) => units("perMonth", { amount }) } });
  const flavors = await api.catalog.publicFlavors({ currency: "JPY" });
  return (
    <Card className="overflow-hidden">
      {flavors.length === 0 ? (
        <EmptyState title={t("noPrices")}>{t("noPricesText")}</EmptyState>
      ) : (
        <Table label={t("prices")}>
          <thead>
            <tr>
              <Th>{flavor("label")}</Th>
              <Th className="hidden sm:table-cell">vCPU</Th>
              <Th className="hidden sm:table-cell">{t("memory")}</Th>
              <Th className="hidden sm:table-cell">{t("disk")}</Th>
              <Th right>{t("hour")}</Th>
              <Th right className="hidden sm:table-cell">{t("month")}</Th>
            </tr>
          </thead>
          <tbody>
            {flavors.map((size) => (
              <Tr key={size.id}>
                <Td>
                  <span className="flex flex-wrap items-center gap-2 font-medium">
                    {size.name}
                    <Badge tone={size.class === "dedicated" ? "accent" : "neutral"} title={flavor(`classText.${size.class}`)}>{flavor(`class.${size.class}`)}</Badge>
                  </span>
                  <span className="block text-xs text-muted sm:hidden">{units("vcpus", { count: size.vcpus })} · {mebibytes(size.memoryMiB)} · {gibibytes(size.diskGiB)}</span>
                </Td>
                <Td className="numeric hidden sm:table-cell">{size.vcpus}</Td>
                <Td className="numeric hidden sm:table-cell">{mebibytes(size.memoryMiB)}</Td>
                <Td className="numeric hidden sm:table-cell">{gibibytes(size.diskGiB)}</Td>
                <Td right>{perHour(size.microsPerHour ?? 0, size.currency)}</Td>
                <Td right className="hidden sm:table-cell">{perMonth(size.microsPerHour ?? 0, size.currency)}</Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      )}
    </Card>
  );
}
