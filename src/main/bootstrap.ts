// `bootstrap.checkpoint`: the records with which the first active controller of a cluster begins the metadata log. A
// snapshot by form (control batch, records, control batch); only its records matter.

import { ConfigError, type Disk, messageOf } from '../base/index.ts'
import { batchesOf, decodeMetadataRecord, type MetadataRecord, recordsOf, validCrc } from '../wire/index.ts'

const FILE = 'bootstrap.checkpoint'

/** Undefined where there is no such file: the controller then begins with its defaults. */
export async function readBootstrapRecords(
  disk: Disk,
  directory: string,
): Promise<readonly MetadataRecord[] | undefined> {
  const path = disk.join(directory, FILE)
  const bytes = await disk.readFile(path)
  if (bytes === null) return undefined
  try {
    const records: MetadataRecord[] = []
    for (const header of batchesOf(bytes)) {
      if (!validCrc(bytes, header)) throw new Error(`the batch at byte ${header.position} fails its CRC`)
      if (header.control) continue
      for (const record of recordsOf(bytes, header)) {
        if (record.value === null) throw new Error(`the record at offset ${record.offset} is empty`)
        records.push(decodeMetadataRecord(record.value))
      }
    }
    return records
  } catch (error) {
    throw new ConfigError(
      `${path} cannot be used: ${messageOf(error)}. Restore it, or remove it to begin with the defaults.`,
    )
  }
}
