// What a cluster has agreed on and whom it holds to what: feature levels, client quotas, who is a member, which resources
// have configurations. Any broker takes these requests and forwards to the active controller what is its.

import type { Endpoint, NodeId } from '../base/index.ts'
import { SOFTWARE } from '../rpc/index.ts'
import type { Api, Input, Message, MessageSchema } from '../wire/index.ts'
import { apis, errorCode, errorName } from '../wire/index.ts'
import type { Cluster } from './cluster.ts'
import { ClientError } from './errors.ts'
import type { AdminOptions, ConfigResource, Outcome, ResourceType } from './types.ts'

export interface FeatureDescription {
  readonly name: string
  /** What the broker that was asked serves; null: it does not know the feature. */
  readonly supported: { readonly min: number; readonly max: number } | null
  /** Null: not set, which is level 0. */
  readonly finalized: number | null
  /** Offset of the metadata up to which that is known. */
  readonly epoch: number
}

export interface FeatureUpdate {
  readonly feature: string
  readonly level: number
  /** Default upgrade. */
  readonly kind?: 'upgrade' | 'safe-downgrade' | 'unsafe-downgrade'
}

/** By type (`user`, `client-id`, `ip`); null is the default of its type. */
export type QuotaEntity = Readonly<Record<string, string | null>>

export interface QuotaAlteration {
  readonly entity: QuotaEntity
  /** By key; null: removed. */
  readonly values: Readonly<Record<string, number | null>>
}

export interface QuotaFilter {
  readonly type: string
  /** A name, the default, or any that is given. */
  readonly match: { readonly name: string } | 'default' | 'any'
}

/** Versions of a request that a broker serves. */
export interface ServedApi {
  readonly key: number
  readonly min: number
  readonly max: number
}

export interface BrokerEndpoint extends Endpoint {
  readonly id: NodeId
  readonly rack: string | null
  /** It is registered and does not serve. */
  readonly isFenced: boolean
}

export interface Governance {
  /** In the broker's order. */
  servedApis(broker: NodeId, options?: AdminOptions): Promise<ServedApi[]>
  describeFeatures(options?: AdminOptions): Promise<FeatureDescription[]>
  /** In order of their ids; `fenced`: those too. Rejects with UNSUPPORTED_VERSION where a broker cannot tell. */
  endpoints(options?: AdminOptions & { readonly fenced?: boolean }): Promise<BrokerEndpoint[]>
  /** All of them or none: rejects with the controller's sentence. */
  updateFeatures(
    updates: readonly FeatureUpdate[],
    options?: AdminOptions & { readonly validateOnly?: boolean },
  ): Promise<void>
  /** Forgets a broker that does not come back; one that still runs registers again. */
  unregisterBroker(broker: NodeId, options?: AdminOptions): Promise<void>
  /** Entities that match every filter; `strict`: and have no other parts. */
  describeQuotas(
    filters?: readonly QuotaFilter[],
    options?: AdminOptions & { readonly strict?: boolean },
  ): Promise<{ readonly entity: QuotaEntity; readonly values: Readonly<Record<string, number>> }[]>
  alterQuotas(
    alterations: readonly QuotaAlteration[],
    options?: AdminOptions & { readonly validateOnly?: boolean },
  ): Promise<({ readonly entity: QuotaEntity } & Outcome)[]>
  /** Resources that have configurations or may have some, of these types or (none) of all. */
  listConfigResources(types?: readonly ResourceType[], options?: AdminOptions): Promise<ConfigResource[]>
}

const UPGRADE_TYPES = { upgrade: 1, 'safe-downgrade': 2, 'unsafe-downgrade': 3 } as const
const MATCHES = { exact: 0, default: 1, any: 2 } as const
const RESOURCE_TYPES: readonly (readonly [ResourceType, number])[] = [
  ['topic', 2],
  ['broker', 4],
  ['client-metrics', 16],
  ['group', 32],
]

export class SmallGovernance implements Governance {
  readonly #cluster: Cluster

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  async describeFeatures(options: AdminOptions = {}): Promise<FeatureDescription[]> {
    const { body } = await this.#ask(apis.ApiVersions, SOFTWARE, options, (answer) => answer.errorCode)
    refuse(body)
    const supported = new Map(body.supportedFeatures.map((row) => [row.name, row]))
    const finalized = new Map(body.finalizedFeatures.map((row) => [row.name, row.maxVersionLevel]))
    const names = [...new Set([...supported.keys(), ...finalized.keys()])].sort()
    return names.map((name) => {
      const range = supported.get(name)
      return {
        name,
        supported: range === undefined ? null : { min: range.minVersion, max: range.maxVersion },
        finalized: finalized.get(name) ?? null,
        epoch: body.finalizedFeaturesEpoch,
      }
    })
  }

  async servedApis(broker: NodeId, options: AdminOptions = {}): Promise<ServedApi[]> {
    const { body } = await this.#ask(apis.ApiVersions, SOFTWARE, options, (answer) => answer.errorCode, broker)
    refuse(body)
    return body.apiKeys.map(({ apiKey, minVersion, maxVersion }) => ({ key: apiKey, min: minVersion, max: maxVersion }))
  }

  async endpoints(options: AdminOptions & { readonly fenced?: boolean } = {}): Promise<BrokerEndpoint[]> {
    const request = (version: number): Input<typeof apis.DescribeCluster.request> => {
      if (options.fenced !== true) return {}
      if (version < 2) throw new ClientError('UNSUPPORTED_VERSION', 'the broker does not tell of fenced brokers')
      return { includeFencedBrokers: true }
    }
    const { body } = await this.#ask(apis.DescribeCluster, request, options, (answer) => answer.errorCode)
    refuse(body)
    return body.brokers
      .map(({ brokerId, host, port, rack, isFenced }) => ({ id: brokerId, host, port, rack, isFenced }))
      .sort((a, b) => a.id - b.id)
  }

  async updateFeatures(
    updates: readonly FeatureUpdate[],
    options: AdminOptions & { readonly validateOnly?: boolean } = {},
  ): Promise<void> {
    const request = {
      timeoutMs: this.#timeout(options),
      featureUpdates: updates.map(({ feature, level, kind = 'upgrade' }) => ({
        feature,
        maxVersionLevel: level,
        upgradeType: UPGRADE_TYPES[kind],
      })),
      validateOnly: options.validateOnly ?? false,
    }
    const { body } = await this.#ask(apis.UpdateFeatures, request, options, (answer) => answer.errorCode)
    refuse(body)
  }

  async unregisterBroker(broker: NodeId, options: AdminOptions = {}): Promise<void> {
    const request = { brokerId: broker }
    const { body } = await this.#ask(apis.UnregisterBroker, request, options, (answer) => answer.errorCode)
    refuse(body)
  }

  async describeQuotas(
    filters: readonly QuotaFilter[] = [],
    options: AdminOptions & { readonly strict?: boolean } = {},
  ): Promise<{ entity: QuotaEntity; values: Record<string, number> }[]> {
    const request = {
      components: filters.map(({ type, match }) => ({
        entityType: type,
        matchType: MATCHES[typeof match === 'string' ? match : 'exact'],
        match: typeof match === 'string' ? null : match.name,
      })),
      strict: options.strict ?? false,
    }
    const { body } = await this.#ask(apis.DescribeClientQuotas, request, options, (answer) => answer.errorCode)
    refuse(body)
    return (body.entries ?? []).map(({ entity, values }) => ({
      entity: entityOf(entity),
      values: Object.fromEntries(values.map(({ key, value }) => [key, value])),
    }))
  }

  async alterQuotas(
    alterations: readonly QuotaAlteration[],
    options: AdminOptions & { readonly validateOnly?: boolean } = {},
  ): Promise<({ entity: QuotaEntity } & Outcome)[]> {
    const request = {
      entries: alterations.map(({ entity, values }) => ({
        entity: Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
        ops: Object.entries(values).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
      })),
      validateOnly: options.validateOnly ?? false,
    }
    const moved = errorCode('NOT_CONTROLLER')
    const { body } = await this.#ask(apis.AlterClientQuotas, request, options, ({ entries }) =>
      entries.length > 0 && entries.every((entry) => entry.errorCode === moved) ? moved : 0,
    )
    return body.entries.map((entry) => ({
      entity: entityOf(entry.entity),
      error: errorName(entry.errorCode),
      message: entry.errorMessage,
    }))
  }

  async listConfigResources(
    types: readonly ResourceType[] = [],
    options: AdminOptions = {},
  ): Promise<ConfigResource[]> {
    const codes = new Map(RESOURCE_TYPES)
    const request = { resourceTypes: types.map((type) => codes.get(type)!) }
    const { body } = await this.#ask(apis.ListConfigResources, request, options, (answer) => answer.errorCode)
    refuse({ ...body, errorMessage: null })
    const names = new Map(RESOURCE_TYPES.map(([type, code]) => [code, type]))
    return body.configResources.flatMap(({ resourceType, resourceName }) => {
      const type = names.get(resourceType)
      // Loggers have levels, and no configurations that this client could change.
      return type === undefined ? [] : [{ type, name: resourceName }]
    })
  }

  #ask<Req extends MessageSchema, Res extends MessageSchema>(
    api: Api<Req, Res>,
    request: Input<Req> | ((version: number) => Input<Req>),
    options: AdminOptions,
    errorOf: (body: Message<Res>) => number,
    broker: NodeId | null = null,
  ): Promise<{ readonly body: Message<Res> }> {
    const deadline = this.#cluster.retry.now() + this.#timeout(options)
    return this.#cluster.ask(api, request, deadline, errorOf, broker, options.retries)
  }

  #timeout(options: AdminOptions): number {
    return options.timeoutMs ?? this.#cluster.requestTimeoutMs
  }
}

function entityOf(parts: readonly { readonly entityType: string; readonly entityName: string | null }[]): QuotaEntity {
  return Object.fromEntries(parts.map(({ entityType, entityName }) => [entityType, entityName]))
}

function refuse(answer: { readonly errorCode: number; readonly errorMessage?: string | null }): void {
  if (answer.errorCode === 0) return
  throw new ClientError(errorName(answer.errorCode), answer.errorMessage ?? 'refused by the broker')
}
