import { array, bool, type Codec, double, fixedOpaque, hyper, int, optional, string, struct, uhyper, uint, XdrError } from "./xdr";

/** How the protocol names a domain; the host finds it by `uuid`. */
export interface DomainRef {
  readonly name: string;
  readonly uuid: Buffer;
  /** Of the running process; -1 when it does not run. */
  readonly id: number;
}
export interface PoolRef {
  readonly name: string;
  readonly uuid: Buffer;
}
export interface VolumeRef {
  readonly pool: string;
  readonly name: string;
  /** The path, for a directory pool. */
  readonly key: string;
}

export const uuid = fixedOpaque(16);
export const optionalString = optional(string);
export const domainRef: Codec<DomainRef> = struct<DomainRef>({ name: string, uuid, id: int });
export const poolRef: Codec<PoolRef> = struct<PoolRef>({ name: string, uuid });
export const volumeRef: Codec<VolumeRef> = struct<VolumeRef>({ pool: string, name: string, key: string });

/** The list ceiling of domains, pools, volumes in the protocol. */
export const MAX_LIST_ITEMS = 16_384;
/** Bulk statistics: parameters in one record. */
export const MAX_STATS_PARAMETERS = 262_144;

export interface RemoteErrorBody {
  readonly code: number;
  readonly domain: number;
  readonly message: string | null;
  readonly level: number;
  readonly dom: DomainRef | null;
  readonly str1: string | null;
  readonly str2: string | null;
  readonly str3: string | null;
  readonly int1: number;
  readonly int2: number;
  readonly net: PoolRef | null;
}
export const remoteError: Codec<RemoteErrorBody> = struct<RemoteErrorBody>({
  code: int,
  domain: int,
  message: optionalString,
  level: int,
  dom: optional(domainRef),
  str1: optionalString,
  str2: optionalString,
  str3: optionalString,
  int1: int,
  int2: int,
  // A network is named exactly like a pool: name and uuid.
  net: optional(poolRef),
});

/** A named value whose type travels with it. */
export interface TypedParameter {
  readonly field: string;
  readonly value: TypedValue;
}
export type TypedValue =
  | { readonly type: "int" | "uint" | "double"; readonly value: number }
  | { readonly type: "llong" | "ullong"; readonly value: bigint }
  | { readonly type: "boolean"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string };

const typedValue: Codec<TypedValue> = {
  write(writer, parameter) {
    switch (parameter.type) {
      case "int": writer.int(1); writer.int(parameter.value); return;
      case "uint": writer.int(2); writer.uint(parameter.value); return;
      case "llong": writer.int(3); writer.hyper(parameter.value); return;
      case "ullong": writer.int(4); writer.uhyper(parameter.value); return;
      case "double": writer.int(5); writer.double(parameter.value); return;
      case "boolean": writer.int(6); bool.write(writer, parameter.value); return;
      case "string": writer.int(7); string.write(writer, parameter.value); return;
    }
  },
  read(reader) {
    const type = reader.int();
    switch (type) {
      case 1: return { type: "int", value: int.read(reader) };
      case 2: return { type: "uint", value: uint.read(reader) };
      case 3: return { type: "llong", value: hyper.read(reader) };
      case 4: return { type: "ullong", value: uhyper.read(reader) };
      case 5: return { type: "double", value: double.read(reader) };
      case 6: return { type: "boolean", value: bool.read(reader) };
      case 7: return { type: "string", value: string.read(reader) };
      default: throw new XdrError(`a parameter has the unknown type ${type}`);
    }
  },
};

export const typedParameter: Codec<TypedParameter> = struct<TypedParameter>({ field: string, value: typedValue });
export const typedParameters = (maxItems: number): Codec<readonly TypedParameter[]> => array(typedParameter, maxItems);

export type ParameterMap = ReadonlyMap<string, string | number | bigint | boolean>;

export function toParameterMap(parameters: readonly TypedParameter[]): ParameterMap {
  return new Map(parameters.map((parameter) => [parameter.field, parameter.value.value]));
}

/** A numeric parameter as bigint; null where it is missing or not a number. */
export function bigintOf(parameters: ParameterMap, field: string): bigint | null {
  const value = parameters.get(field);
  if (typeof value === "bigint") return value;
  return typeof value === "number" && Number.isInteger(value) ? BigInt(value) : null;
}

/** A numeric parameter as number; null where it is missing or not a number. */
export function numberOf(parameters: ParameterMap, field: string): number | null {
  const value = parameters.get(field);
  if (typeof value === "number") return value;
  return typeof value === "bigint" ? Number(value) : null;
}
