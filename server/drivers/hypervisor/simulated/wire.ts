/** JSON with 64-bit counters: a big integer travels as `{"$n": "123"}`. */
export function encode(value: unknown): string {
  return JSON.stringify(value, (_key, entry: unknown) => (typeof entry === "bigint" ? { $n: entry.toString() } : entry));
}

export function decode(text: string): unknown {
  return JSON.parse(text, (_key, entry: unknown) => {
    if (typeof entry === "object" && entry !== null && "$n" in entry && typeof entry.$n === "string") return BigInt(entry.$n);
    return entry;
  });
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
