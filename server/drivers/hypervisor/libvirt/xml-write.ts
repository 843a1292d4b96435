import { DriverError } from "../../errors";

/** An XML tree that is only ever built from values, so that nothing reaches the host unescaped. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly children: readonly (XmlElement | string)[];
}

type XmlChild = XmlElement | string | number | null;

/** Children that are null are left out, so that conditions can stand inline. */
export function element(name: string, attributes: Readonly<Record<string, string | number>> = {}, ...children: readonly XmlChild[]): XmlElement {
  return { name, attributes, children: children.filter((child) => child !== null).map((child) => (typeof child === "number" ? String(child) : child)) };
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  "\n": "&#10;",
  "\r": "&#13;",
  "\t": "&#9;",
};

// What XML 1.0 cannot carry at all, not even escaped: control characters, lone surrogates, U+FFFE and U+FFFF.
const IMPOSSIBLE = /(?![\t\n\r\x7f-\x9f])\p{Cc}|[\ufffe\uffff]|\p{Cs}/u;

export function escapeXml(text: string): string {
  if (IMPOSSIBLE.test(text)) {
    throw new DriverError("invalid", `the text ${JSON.stringify(text)} has characters that a definition cannot carry; remove control characters from it`, { text });
  }
  return text.replace(/[&<>"'\n\r\t]/g, (character) => ESCAPES[character] ?? character);
}

export function writeXml(node: XmlElement): string {
  const attributes = Object.entries(node.attributes).map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`).join("");
  if (node.children.length === 0) return `<${node.name}${attributes}/>`;
  const inner = node.children.map((child) => (typeof child === "string" ? escapeXml(child) : writeXml(child))).join("");
  return `<${node.name}${attributes}>${inner}</${node.name}>`;
}
