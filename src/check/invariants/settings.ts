// What the metadata log says beside brokers and partitions: settings of topics and brokers, levels of features, controllers
// and the producer ids that were given away, each as a line of text, with what it was at any offset. A part of the truth
// (`truth.ts`), which decides when a step is over. Judges nothing; leaves out ACLs, quotas, credentials and tokens, which
// are kept and not served yet.

import type { NodeId, Offset, Uuid } from '../../base/index.ts'
import { type Versions, version } from './versions.ts'

export interface EndpointFact {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly securityProtocol: number
}

export interface FeatureFact {
  readonly name: string
  readonly minSupportedVersion: number
  readonly maxSupportedVersion: number
}

/** The records that matter here, as Kafka names their fields. */
export type SettingFact =
  | {
      readonly type: 'ConfigRecord'
      readonly value: {
        readonly resourceType: number
        readonly resourceName: string
        readonly name: string
        readonly value: string | null
      }
    }
  | { readonly type: 'FeatureLevelRecord'; readonly value: { readonly name: string; readonly featureLevel: number } }
  | {
      readonly type: 'RegisterControllerRecord'
      readonly value: {
        readonly controllerId: NodeId
        readonly incarnationId: Uuid
        readonly endPoints: readonly EndpointFact[]
        readonly features: readonly FeatureFact[]
      }
    }
  | { readonly type: 'ProducerIdsRecord'; readonly value: { readonly nextProducerId: number } }

/** The same of a published image. */
export interface ObservedSettings {
  readonly configs: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly features: ReadonlyMap<string, number>
  readonly controllers: ReadonlyMap<
    NodeId,
    {
      readonly incarnationId: Uuid
      readonly listeners: readonly EndpointFact[]
      readonly features: ReadonlyMap<string, { readonly min: number; readonly max: number }>
    }
  >
  readonly nextProducerId: number
}

const TOPIC_RESOURCE = 2
const PRODUCER_IDS = 'producer ids'

export class SettingsTruth {
  /** `2:topic` and so on, Kafka's resource types. */
  readonly configs: Map<string, Map<string, string>> = new Map()
  readonly features: Map<string, number> = new Map()
  readonly #lines: Map<string, string> = new Map()
  readonly #versions: Map<string, Versions<string>> = new Map()
  /** What the open step has changed, as it was. */
  readonly #before: Map<string, () => void> = new Map()

  record(record: SettingFact): void {
    switch (record.type) {
      case 'ConfigRecord': {
        const { resourceType, resourceName, name, value } = record.value
        const key = `${resourceType}:${resourceName}`
        const own = new Map(this.configs.get(key))
        if (value === null) own.delete(name)
        else own.set(name, value)
        this.#config(key, own)
        return
      }
      case 'FeatureLevelRecord': {
        const { name, featureLevel } = record.value
        const before = this.features.get(name)
        this.#set(`feature ${name}`, featureLevel === 0 ? null : String(featureLevel), () => {
          if (before === undefined) this.features.delete(name)
          else this.features.set(name, before)
        })
        if (featureLevel === 0) this.features.delete(name)
        else this.features.set(name, featureLevel)
        return
      }
      case 'RegisterControllerRecord': {
        const { controllerId, incarnationId, endPoints, features } = record.value
        const line = `${incarnationId} at ${endpointsText(endPoints)} with ${featuresText(features)}`
        this.#set(`controller ${controllerId}`, line, nothing)
        return
      }
      case 'ProducerIdsRecord':
        this.#set(PRODUCER_IDS, String(record.value.nextProducerId), nothing)
    }
  }

  /** A topic's settings go with it. */
  topicRemoved(name: string): void {
    const key = `${TOPIC_RESOURCE}:${name}`
    if (this.configs.has(key)) this.#config(key, new Map())
  }

  /** What the step has changed is so from here on; the keys. */
  commit(endOffset: Offset): readonly string[] {
    const keys = [...this.#before.keys()]
    this.#before.clear()
    for (const key of keys) version(this.#versions, key).set(endOffset, this.#lines.get(key) ?? null)
    return keys
  }

  /** An aborted transaction leaves nothing. */
  undo(): void {
    for (const back of this.#before.values()) back()
    this.#before.clear()
  }

  at(key: string, offset: Offset): string | null {
    return this.#versions.get(key)?.at(offset) ?? null
  }

  keys(): Iterable<string> {
    return this.#versions.keys()
  }

  /** Everything as it is now: what a snapshot must hold. */
  get lines(): ReadonlyMap<string, string> {
    return this.#lines
  }

  #config(key: string, own: Map<string, string>): void {
    const before = this.configs.get(key)
    this.#set(`config ${key}`, own.size === 0 ? null : configText(own), () => {
      if (before === undefined) this.configs.delete(key)
      else this.configs.set(key, before)
    })
    this.configs.set(key, own)
  }

  /** `back`: what else is to be undone. The first of a step knows what was before it. */
  #set(key: string, line: string | null, back: () => void): void {
    if (!this.#before.has(key)) {
      const before = this.#lines.get(key)
      this.#before.set(key, () => {
        if (before === undefined) this.#lines.delete(key)
        else this.#lines.set(key, before)
        back()
      })
    }
    if (line === null) this.#lines.delete(key)
    else this.#lines.set(key, line)
  }
}

/** The line that an image has under a key of the truth; null where it has none. */
export function observedSetting(image: ObservedSettings, key: string): string | null {
  if (key === PRODUCER_IDS) return image.nextProducerId < 0 ? null : String(image.nextProducerId)
  const space = key.indexOf(' ')
  const name = key.slice(space + 1)
  switch (key.slice(0, space)) {
    case 'config': {
      const own = image.configs.get(name)
      return own === undefined || own.size === 0 ? null : configText(own)
    }
    case 'feature': {
      const level = image.features.get(name)
      return level === undefined ? null : String(level)
    }
    default: {
      const controller = image.controllers.get(Number(name))
      if (controller === undefined) return null
      const features = [...controller.features].map(([feature, { min, max }]) => ({
        name: feature,
        minSupportedVersion: min,
        maxSupportedVersion: max,
      }))
      return `${controller.incarnationId} at ${endpointsText(controller.listeners)} with ${featuresText(features)}`
    }
  }
}

/** Everything that an image has, by the truth's keys: what is in it and in no record. */
export function observedKeys(image: ObservedSettings): string[] {
  return [
    ...[...image.configs.keys()].map((key) => `config ${key}`),
    ...[...image.features.keys()].map((name) => `feature ${name}`),
    ...[...image.controllers.keys()].map((id) => `controller ${id}`),
    PRODUCER_IDS,
  ]
}

function nothing(): void {}

/** In order of their names: a map's own order says nothing. */
function configText(own: ReadonlyMap<string, string>): string {
  return [...own]
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(', ')
}

export function endpointsText(endpoints: readonly EndpointFact[]): string {
  return endpoints
    .map(({ name, host, port, securityProtocol }) => `${name}(${securityProtocol})//${host}:${port}`)
    .join()
}

export function featuresText(features: readonly FeatureFact[]): string {
  return features.map((each) => `${each.name} ${each.minSupportedVersion}-${each.maxSupportedVersion}`).join()
}
