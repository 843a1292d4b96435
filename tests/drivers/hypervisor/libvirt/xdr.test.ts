import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { array, bool, charArray, type Codec, decode, double, encode, fixedOpaque, hyper, int, opaque, optional, string, struct, uhyper, uint, XdrError } from "@/server/drivers/hypervisor/libvirt/rpc/xdr";
import { domainRef, remoteError, typedParameters, type TypedParameter } from "@/server/drivers/hypervisor/libvirt/rpc/structures";

function roundTrips<T>(codec: Codec<T>, values: fc.Arbitrary<T>): void {
  fc.assert(fc.property(values, (value) => {
    const bytes = encode(codec, value);
    expect(bytes.length % 4).toBe(0);
    expect(decode(codec, Buffer.from(bytes))).toEqual(value);
  }));
}

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const text = fc.string({ unit: "grapheme", maxLength: 300 });
const bytes = (constraints: { minLength?: number; maxLength: number }): fc.Arbitrary<Buffer> => fc.uint8Array(constraints).map((value) => Buffer.from(value));
const domain = fc.record({ name: text, uuid: bytes({ minLength: 16, maxLength: 16 }), id: int32 });

const parameter: fc.Arbitrary<TypedParameter> = fc.record({
  field: text,
  value: fc.oneof(
    fc.record({ type: fc.constant("int" as const), value: int32 }),
    fc.record({ type: fc.constant("uint" as const), value: uint32 }),
    fc.record({ type: fc.constant("llong" as const), value: int64 }),
    fc.record({ type: fc.constant("ullong" as const), value: uint64 }),
    fc.record({ type: fc.constant("double" as const), value: fc.double({ noNaN: true }) }),
    fc.record({ type: fc.constant("boolean" as const), value: fc.boolean() }),
    fc.record({ type: fc.constant("string" as const), value: text }),
  ),
});

describe("XDR", () => {
  it("gives back every value that it wrote", () => {
    roundTrips(int, int32);
    roundTrips(uint, uint32);
    roundTrips(hyper, int64);
    roundTrips(uhyper, uint64);
    roundTrips(double, fc.double({ noNaN: true }));
    roundTrips(bool, fc.boolean());
    roundTrips(string, text);
    roundTrips(opaque(300), bytes({ maxLength: 300 }));
    roundTrips(fixedOpaque(7), bytes({ minLength: 7, maxLength: 7 }));
    roundTrips(optional(string), fc.option(text));
    roundTrips(array(hyper, 50), fc.array(int64, { maxLength: 50 }));
    roundTrips(charArray(32), fc.string({ maxLength: 32 }).filter((value) => !value.includes("\0")));
    roundTrips(domainRef, domain);
    roundTrips(typedParameters(64), fc.array(parameter, { maxLength: 64 }));
    const optionalText = fc.option(text);
    roundTrips(remoteError, fc.record({
      code: int32, domain: int32, message: optionalText, level: int32, dom: fc.option(domain), str1: optionalText, str2: optionalText, str3: optionalText,
      int1: int32, int2: int32, net: fc.option(fc.record({ name: text, uuid: bytes({ minLength: 16, maxLength: 16 }) })),
    }));
  });

  it("writes the bytes of RFC 4506", () => {
    expect(encode(int, -2).toString("hex")).toBe("fffffffe");
    expect(encode(string, "abcde").toString("hex")).toBe("000000056162636465000000");
    expect(encode(optional(uint), 7).toString("hex")).toBe("0000000100000007");
    expect(encode(uhyper, 2n ** 63n).toString("hex")).toBe("8000000000000000");
    expect(encode(array(uint, 3), [1, 2]).toString("hex")).toBe("000000020000000100000002");
  });

  it("refuses messages that end early, that have a rest, that announce too much", () => {
    const codec = struct<{ name: string; sizes: readonly number[] }>({ name: string, sizes: array(uint, 4) });
    const whole = encode(codec, { name: "vda", sizes: [1, 2, 3] });
    for (let length = 0; length < whole.length; length += 1) expect(() => decode(codec, whole.subarray(0, length))).toThrow(XdrError);
    expect(() => decode(codec, Buffer.concat([whole, Buffer.alloc(4)]))).toThrow(/left over/);
    expect(() => decode(array(uint, 4), Buffer.from("00000005", "hex"))).toThrow(/at most 4/);
    expect(() => decode(string, Buffer.from("7fffffff", "hex"))).toThrow(/at most/);
    expect(() => encode(fixedOpaque(16), Buffer.alloc(15))).toThrow(/exactly 16/);
    expect(() => decode(typedParameters(1), Buffer.from("0000000100000001610000000000000900000000", "hex"))).toThrow(/unknown type 9/);
  });
});
