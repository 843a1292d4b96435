import { z } from "zod";

const address = z.email();
/** Words that stand in lists beside addresses are no mistake; what has an @ and is no address is one. */
const SEPARATORS = /[\s,;|"'<>()]+/;

/** Finds the e-mail addresses in whatever was pasted: lines, a list, a CSV file with other columns. */
export function readAddresses(text: string): { readonly emails: string[]; readonly unreadable: string[] } {
  const words = text.split(SEPARATORS).filter((word) => word.includes("@")).map((word) => word.toLowerCase().replace(/^mailto:/, ""));
  const isFine = (word: string): boolean => address.safeParse(word).success;
  return { emails: [...new Set(words.filter(isFine))], unreadable: [...new Set(words.filter((word) => !isFine(word)))] };
}
