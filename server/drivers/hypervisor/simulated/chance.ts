/** A small seeded generator (the "mulberry32" recurrence): the same seed gives the same world, always. */
export interface Chance {
  /** Uniform in [0, 1). */
  next(): number;
}

export function seededChance(seed: number): Chance {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    },
  };
}

/** FNV-1a over the text, 32 bits: gives every name its own seed, independent of the order of creation. */
export function seedOf(text: string, salt: number): number {
  let hash = (0x811c9dc5 ^ salt) >>> 0;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash;
}

/** RFC 4122 shaped text that derives from `name`. */
export function uuidOf(name: string): string {
  const chance = seededChance(seedOf(name, 0));
  const hex = Array.from({ length: 32 }, () => Math.floor(chance.next() * 16).toString(16)).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
