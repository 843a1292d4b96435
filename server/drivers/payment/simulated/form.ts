/** A value of a form body as Stripe's API spells it: `a[b][0]=c` is nested. */
export type FormValue = string | readonly FormValue[] | { readonly [key: string]: FormValue };
export type Form = Readonly<Record<string, FormValue>>;

interface Branch {
  [key: string]: string | Branch;
}

function place(into: Branch, path: readonly string[], value: string): void {
  let at = into;
  for (const [index, part] of path.entries()) {
    const key = part === "" ? String(Object.keys(at).length) : part;
    if (index === path.length - 1) {
      at[key] = value;
      return;
    }
    const next = at[key];
    const branch: Branch = typeof next === "object" ? next : {};
    at[key] = branch;
    at = branch;
  }
}

/** Branches whose keys count from 0 are lists. */
function settle(value: string | Branch): FormValue {
  if (typeof value === "string") return value;
  const keys = Object.keys(value);
  if (keys.length > 0 && keys.every((key, index) => key === String(index))) return keys.map((key) => settle(value[key] ?? ""));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, settle(inner)]));
}

/** Reads `application/x-www-form-urlencoded` text, of a body or of a query. */
export function parseForm(text: string): Form {
  const root: Branch = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const [head = "", ...rest] = name.split("[");
    place(root, [head, ...rest.map((part) => part.replace(/\]$/, ""))], value);
  }
  return Object.fromEntries(Object.entries(root).map(([key, value]) => [key, settle(value)]));
}
