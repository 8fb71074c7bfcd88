// Big-endian integers at a position, and Kafka's zigzag varints, on plain byte arrays: no DataView per batch. A 64-bit
// value beyond ±(2^53 − 1) is read saturated (D15); what is written must be a safe integer.
// `readVarint` and `readVarlong` leave the position after what they read in `cursor.at`, or −1 there when the bytes end
// or the varint is longer than its type allows: one shared cell, since all of it is synchronous.

const TWO_32 = 4294967296

export const cursor: { at: number } = { at: 0 }

export function readInt16(bytes: Uint8Array, at: number): number {
  return (((bytes[at]! << 8) | bytes[at + 1]!) << 16) >> 16
}

export function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at) >>> 0
}

export function readInt64(bytes: Uint8Array, at: number): number {
  const high = readInt32(bytes, at)
  if (high > 0x1fffff) return Number.MAX_SAFE_INTEGER
  if (high < -0x200000) return Number.MIN_SAFE_INTEGER
  return high * TWO_32 + readUint32(bytes, at + 4)
}

export function writeInt16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8
  bytes[at + 1] = value
}

export function writeInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 24
  bytes[at + 1] = value >> 16
  bytes[at + 2] = value >> 8
  bytes[at + 3] = value
}

export function writeInt64(bytes: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / TWO_32)
  writeInt32(bytes, at, high)
  writeInt32(bytes, at + 4, value - high * TWO_32)
}

/** A zigzag int32 in [at, end). */
export function readVarint(bytes: Uint8Array, at: number, end: number): number {
  if (at < end) {
    const first = bytes[at]!
    if (first < 128) {
      cursor.at = at + 1
      return (first >>> 1) ^ -(first & 1)
    }
  }
  let value = 0
  for (let shift = 0; shift < 35; shift += 7) {
    if (at >= end) break
    const byte = bytes[at++]!
    value |= (byte & 127) << shift
    if (byte < 128) {
      cursor.at = at
      return (value >>> 1) ^ -(value & 1)
    }
  }
  cursor.at = -1
  return 0
}

/** A zigzag int64 in [at, end); beyond 2^53 only its magnitude is right. */
export function readVarlong(bytes: Uint8Array, at: number, end: number): number {
  if (at < end) {
    const first = bytes[at]!
    if (first < 128) {
      cursor.at = at + 1
      return (first >>> 1) ^ -(first & 1)
    }
  }
  let value = 0
  let scale = 1
  for (let i = 0; i < 10; i++) {
    if (at >= end) break
    const byte = bytes[at++]!
    value += (byte & 127) * scale
    if (byte < 128) {
      cursor.at = at
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
    scale *= 128
  }
  cursor.at = -1
  return 0
}

export function sizeOfVarint(value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0
  let size = 1
  while (zigzag > 127) {
    zigzag >>>= 7
    size++
  }
  return size
}

export function sizeOfVarlong(value: number): number {
  let zigzag = value >= 0 ? value * 2 : -value * 2 - 1
  let size = 1
  while (zigzag > 127) {
    zigzag = Math.floor(zigzag / 128)
    size++
  }
  return size
}

/** Writes a zigzag int32 and gives the position after it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0
  while (zigzag > 127) {
    bytes[at++] = (zigzag & 127) | 128
    zigzag >>>= 7
  }
  bytes[at++] = zigzag
  return at
}

export function writeVarlong(bytes: Uint8Array, at: number, value: number): number {
  let zigzag = value >= 0 ? value * 2 : -value * 2 - 1
  while (zigzag > 127) {
    bytes[at++] = (zigzag % 128) | 128
    zigzag = Math.floor(zigzag / 128)
  }
  bytes[at++] = zigzag
  return at
}
