/** JSON with 64-bit counters: a big integer travels as `{"$n": "123"}`. */
export function encode(value: unknown): string {
  return JSON.stringify(value, (_key, entry: unknown) => (typeof entry === "bigint" ? { $n: entry.toString() } : entry));
}

export function decode(text: string): unknown {
  return withIntegers(JSON.parse(text) as unknown);
}

/** In place: a reviver would be called for every value, which makes parsing several times slower. */
function withIntegers(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("$n" in value && typeof value.$n === "string") return BigInt(value.$n);
  for (const [key, entry] of Object.entries(value)) {
    if (typeof entry === "object" && entry !== null) Reflect.set(value, key, withIntegers(entry));
  }
  return value;
}

/** Splits a byte stream into lines of at most `maxBytes`. */
export async function* lines(stream: AsyncIterable<unknown>, maxBytes = 64 * 1_048_576): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) continue;
    rest += decoder.decode(chunk, { stream: true });
    for (let at = rest.indexOf("\n"); at >= 0; at = rest.indexOf("\n")) {
      yield rest.slice(0, at);
      rest = rest.slice(at + 1);
    }
    if (rest.length > maxBytes) throw new Error(`A line of the simulated world's answer is longer than ${maxBytes} bytes.`);
  }
}
