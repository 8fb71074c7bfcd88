// What is under way on a simulated connection, and room for its bytes, which live for milliseconds: one piece behind the
// other in larger ones. Nothing is given back: a slab goes when the last of its pieces is forgotten.

export type Segment =
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  | { readonly kind: 'reset' }

/** The largest. */
export const SEGMENT: number = 64 * 1024

/** Bytes under way lie one behind the other in these: an array of its own for each segment cost 2 % of a run. */
const SLAB = 32 * 1024
let slab = new ArrayBuffer(SLAB)
let slabUsed = 0

export function spaceFor(size: number): Uint8Array {
  if (size > SLAB / 4) return new Uint8Array(size)
  if (slabUsed + size > SLAB) {
    slab = new ArrayBuffer(SLAB)
    slabUsed = 0
  }
  slabUsed += size
  return new Uint8Array(slab, slabUsed - size, size)
}
