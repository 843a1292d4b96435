import type { AbstractIntlMessages } from "next-intl";

/** Which parts of the dictionary go to the browser with each part of the site: nobody loads the operator's words. */
const ROOT = ["common", "units", "theme", "language", "errors", "resources", "roles", "operatorRoles", "standing", "auth", "site", "flavor"];
const PORTAL = ["nav", "windows", "guestLanguage", "instances", "create", "instance", "status", "timeline", "console", "desktops", "desktopPools", "images", "networks", "keys", "usage", "billing", "money", "members", "audit", "settings", "account", "quota", "flavor", "server"];
const ADMIN = ["nav", "windows", "timeline", "admin", "desktopPools", "adminMoney", "billing", "money", "console", "settings", "images", "audit", "status", "account", "quota", "flavor", "server"];

const PARTS = { root: ROOT, portal: [...ROOT, ...PORTAL], admin: [...ROOT, ...ADMIN] } as const;

export function pickMessages(messages: AbstractIntlMessages, part: keyof typeof PARTS): AbstractIntlMessages {
  const wanted: readonly string[] = PARTS[part];
  return Object.fromEntries(Object.entries(messages).filter(([namespace]) => wanted.includes(namespace)));
}
