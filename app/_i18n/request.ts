import { getRequestConfig } from "next-intl/server";
import { cookies, headers } from "next/headers";
import { getSession } from "@/app/_trpc/server";
import { DEFAULT_TIME_ZONE, LOCALE_COOKIE, isLocale, preferredLocale } from "./locales";
import en from "./en.json";
import ja from "./ja.json";

/** The profile decides, then the cookie, then the browser. */
export default getRequestConfig(async () => {
  const session = await getSession();
  const cookie = (await cookies()).get(LOCALE_COOKIE)?.value;
  const profile = session?.user.locale;
  const locale = isLocale(profile) ? profile : isLocale(cookie) ? cookie : preferredLocale((await headers()).get("accept-language"));
  return {
    locale,
    messages: locale === "ja" ? ja : en,
    timeZone: session?.user.timeZone ?? DEFAULT_TIME_ZONE,
    now: new Date(),
  };
});
