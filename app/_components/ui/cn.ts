import { clsx, type ClassValue } from "clsx";
import { extendTailwindMerge } from "tailwind-merge";

// The two text sizes of our own theme: unknown to the library, they would be taken for colours and dropped.
const merge = extendTailwindMerge({ extend: { classGroups: { "font-size": [{ text: ["body", "tiny"] }] } } });

/** Joins class names; of two that set the same property the later wins. */
export function cn(...classes: ClassValue[]): string {
  return merge(clsx(classes));
}
