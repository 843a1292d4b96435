import { XMLParser } from "fast-xml-parser";
import { DriverError } from "../../errors";

// Attributes and texts stay texts: "007" is a name here, not a number. Entities of our own kind are not declared.
const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: "@", textNodeName: "#", parseTagValue: false, parseAttributeValue: false });

/** A read-only view of one element. Missing elements and attributes are null or empty, never an exception. */
export class XmlNode {
  constructor(private readonly value: unknown) {}

  private member(name: string): unknown {
    return typeof this.value === "object" && this.value !== null ? (this.value as Readonly<Record<string, unknown>>)[name] : undefined;
  }

  /** All children of this name, in order. */
  all(name: string): readonly XmlNode[] {
    const found = this.member(name);
    if (found === undefined) return [];
    return (Array.isArray(found) ? found : [found]).map((item: unknown) => new XmlNode(item));
  }

  /** The first child along the path; an empty node where there is none. */
  at(...path: readonly string[]): XmlNode {
    return path.reduce<XmlNode>((node, name) => node.all(name)[0] ?? new XmlNode(undefined), this);
  }

  attribute(name: string): string | null {
    const value = this.member(`@${name}`);
    return typeof value === "string" ? value : null;
  }

  get text(): string | null {
    const value = typeof this.value === "string" ? this.value : this.member("#");
    return typeof value === "string" && value !== "" ? value : null;
  }

  get exists(): boolean {
    return this.value !== undefined;
  }
}

export function readXml(xml: string, what: string): XmlNode {
  try {
    return new XmlNode(parser.parse(xml));
  } catch (cause) {
    throw new DriverError("failed", `the description of ${what} could not be read as XML`, { xml: xml.slice(0, 500) }, { cause });
  }
}

const KIB_PER_UNIT: Readonly<Record<string, number>> = { b: 1 / 1024, bytes: 1 / 1024, KB: 1000 / 1024, k: 1, KiB: 1, MB: 1e6 / 1024, M: 1024, MiB: 1024, G: 1_048_576, GiB: 1_048_576, T: 1_073_741_824, TiB: 1_073_741_824 };

/** A size with libvirt's unit attribute (KiB where it is missing), in MiB. */
export function sizeMiB(node: XmlNode): number | null {
  const factor = KIB_PER_UNIT[node.attribute("unit") ?? "KiB"];
  return node.text === null || factor === undefined ? null : (Number(node.text) * factor) / 1024;
}
