// From committed batches and snapshots to images: decodes, folds, publishes one image a delivery. A record that cannot be
// decoded or applied throws, which stops the node: a controller that skipped one would lead with a wrong image
// (KAFKA-14275).

import type { CommittedBatches, SnapshotId } from '../../raft/driver/index.ts'
import type { Timestamp } from '../../src/base/index.ts'
import { batchesOf, decodeMetadataRecord, recordsOf } from '../../src/wire/index.ts'
import type { MetadataImage } from '../metadata/index.ts'
import { emptyImage, MetadataFold } from '../metadata/index.ts'

export class LogReader {
  #fold = new MetadataFold()
  #image: MetadataImage = emptyImage
  #lastTimestamp: Timestamp = -1

  /** The last published image. */
  get image(): MetadataImage {
    return this.#image
  }

  /** Folded but not published: within a metadata transaction. */
  get inTransaction(): boolean {
    return this.#fold.inTransaction
  }

  /** Of the last record folded; −1 none. */
  get lastTimestamp(): Timestamp {
    return this.#lastTimestamp
  }

  /** The image after these batches, or null within a transaction. */
  read(batches: CommittedBatches): MetadataImage | null {
    this.#apply(batches.bytes)
    return this.#publish(batches.endOffset, batches.epoch)
  }

  /** Everything known is replaced. */
  load(id: SnapshotId, batches: readonly Uint8Array[], timestamp: Timestamp): MetadataImage {
    this.#fold = new MetadataFold()
    for (const bytes of batches) this.#apply(bytes)
    this.#lastTimestamp = timestamp
    const image = this.#publish(id.endOffset, id.epoch)
    if (image === null) throw new Error(`snapshot ${id.endOffset}-${id.epoch} ends within a metadata transaction`)
    return image
  }

  /** A draft over what is committed. An open transaction is open there too, for the controller to abort. */
  draft(): MetadataFold {
    const draft = new MetadataFold(this.#image)
    if (this.inTransaction) draft.apply({ type: 'BeginTransactionRecord', version: 0, value: { name: null } })
    return draft
  }

  #apply(bytes: Uint8Array): void {
    for (const header of batchesOf(bytes)) {
      this.#lastTimestamp = Math.max(this.#lastTimestamp, header.maxTimestamp)
      if (header.control) continue
      for (const record of recordsOf(bytes, header)) {
        if (record.value === null) throw new Error(`the metadata record at offset ${record.offset} has no value`)
        this.#fold.apply(decodeMetadataRecord(record.value))
      }
    }
  }

  #publish(offset: number, epoch: number): MetadataImage | null {
    const image = this.#fold.publish(offset, epoch)
    if (image !== null) this.#image = image
    return image
  }
}
