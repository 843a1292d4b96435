export const LOCALES = ["en", "ja"] as const;
export type Locale = (typeof LOCALES)[number];
/** Remembers the language of a reader who is not signed in. */
export const LOCALE_COOKIE = "berth_locale";
/** Times of a reader who is not signed in; a profile names a zone of its own. */
export const DEFAULT_TIME_ZONE = "Asia/Tokyo";

export function isLocale(text: string | undefined | null): text is Locale {
  return text === "en" || text === "ja";
}

/** The first language of an Accept-Language header that we have, by its quality values. */
export function preferredLocale(header: string | null): Locale {
  const wanted = (header ?? "")
    .split(",")
    .map((part) => {
      const [tag = "", ...parameters] = part.trim().split(";");
      const quality = parameters.find((parameter) => parameter.trim().startsWith("q="));
      return { language: tag.toLowerCase().split("-")[0], quality: quality ? Number(quality.trim().slice(2)) : 1 };
    })
    .toSorted((a, b) => b.quality - a.quality);
  for (const { language } of wanted) if (isLocale(language)) return language;
  return "en";
}
