import type { Commitment } from "./types";
import type { Piece } from "./split-usage";

/**
 * Marks what of the use is paid for by commitments. At each moment the units in use are counted against the units that are
 * committed then, resources in the order of their ids, so that neither cutting windows nor their order changes anything.
 */
export function coverCommitments(pieces: readonly Piece[], commitments: readonly Commitment[]): void {
  const targets = new Map<string, Commitment[]>();
  for (const commitment of commitments) {
    const key = `${commitment.meter}:${commitment.flavorId ?? ""}`;
    const list = targets.get(key);
    if (list) list.push(commitment);
    else targets.set(key, [commitment]);
  }
  for (const [key, list] of targets) {
    sweep(pieces.filter((piece) => `${piece.window.meter}:${piece.window.flavorId ?? ""}` === key).toSorted((a, b) => a.startMs - b.startMs), list);
  }
}

function sweep(pieces: readonly Piece[], commitments: readonly Commitment[]): void {
  const edges = [...new Set([...pieces.flatMap((piece) => [piece.startMs, piece.endMs]), ...commitments.flatMap((commitment) => [commitment.startMs, commitment.endMs])])].toSorted((a, b) => a - b);
  let next = 0;
  let active: Piece[] = [];
  for (let at = 0; at + 1 < edges.length; at++) {
    const startMs = edges[at] ?? 0;
    const endMs = edges[at + 1] ?? 0;
    active = active.filter((piece) => piece.endMs > startMs);
    for (let piece = pieces[next]; piece && piece.startMs <= startMs; piece = pieces[++next]) active.push(piece);
    let left = commitments.reduce((units, commitment) => units + (commitment.startMs <= startMs && commitment.endMs >= endMs ? commitment.units : 0), 0);
    if (left <= 0) continue;
    for (const piece of active.toSorted((a, b) => (a.window.resourceId < b.window.resourceId ? -1 : 1))) {
      const units = Math.min(left, piece.window.quantity);
      piece.coveredUnitMs += units * (endMs - startMs);
      left -= units;
      if (left === 0) break;
    }
  }
}
