// The wire: one literal per message and record of any kind, codecs, frames, record batches, error codes. Reads no clock,
// keeps no borrowed bytes, decides nothing.

/** The request table: `apis.Produce` and so on. */
export * from './apis.ts'
/** Record batches in place: headers, walking, the leader's patches. */
export * from './batch.ts'
/** What a client's batches must be like, and the refusals by Kafka's names. */
export * from './batch-rules.ts'
/** Encoding and decoding of any message at any version. */
export { decode, decodeExact, encode, encodeChunks, encodeExact } from './codec.ts'
/** Batches and bytes through the codecs, by the offload port. */
export * from './compression.ts'
/** Records of control batches. */
export * from './control-records.ts'
/** Keys and values of coordinators' records. */
export * from './coordinator-records.ts'
/** CRC-32C. */
export { crc32c } from './crc32c.ts'
/** Error names and codes. */
export * from './errors.ts'
/** Frames: size prefix, request and response headers, the frame parser. */
export * from './frames.ts'
/** Big-endian integers at a position. */
export { readInt16, readInt32, readInt64, readUint32, writeInt16, writeInt32, writeInt64 } from './integers.ts'
/** Kafka's JSON form of messages. */
export { type Json, messageFromJson, messageToJson, parseJson, printJson } from './json.ts'
export * from './messages/admin.ts'
export * from './messages/cluster.ts'
export * from './messages/control-records.ts'
export * from './messages/data.ts'
export * from './messages/group-records.ts'
export * from './messages/groups.ts'
export * from './messages/headers.ts'
export * from './messages/metadata.ts'
export * from './messages/metadata-records.ts'
export * from './messages/quorum.ts'
export * from './messages/security.ts'
export * from './messages/share.ts'
export * from './messages/share-records.ts'
export * from './messages/storage.ts'
export * from './messages/streams.ts'
export * from './messages/streams-records.ts'
export * from './messages/transaction-records.ts'
export * from './messages/transactions.ts'
/** Records of the metadata log. */
export * from './metadata-records.ts'
/** Batches with fewer records, as compaction leaves them. */
export * from './record-filter.ts'
/** Records: building batches, reading and walking them. */
export * from './records.ts'
/** Messages by name. */
export * from './schemas.ts'
/** The shapes of schemas and the types inferred from them. */
export * from './types.ts'
/** Messages with their version before them. */
export * from './versioned.ts'
/** Version ranges. */
export * from './versions.ts'
export { EncodeError } from './writer.ts'
