// One request frame through header, API table, authorizer, handler and encoder. Knows no sockets: connections and
// `inject` both come here. Whatever a handler or a codec throws ends here too, as a closed connection or, for a broken
// invariant, as the node's end.

import type { RequestContext } from '../../cluster/driver/index.ts'
import { Bug, messageOf, ProtocolError } from '../base/index.ts'
import { apis, decodeRequestHeader, readInt16 } from '../wire/index.ts'
import type { ApiEntry, ApiTables } from './apis.ts'
import { shortened } from './sanitize.ts'
import { Throttle } from './throttle.ts'
import type { Call, ListenerKind, ListenerRole, Outcome, Services } from './types.ts'

/** A request that has begun. */
export interface Begun {
  readonly outcome: Outcome | Promise<Outcome>
  /** For what waits when the connection goes; null when nothing does. */
  readonly cancel: (() => void) | null
}

/** Where a request comes from. */
export interface Origin {
  readonly listener: ListenerRole
  readonly clientAddress: string
}

/** Nobody is authenticated yet (D17). */
const ANONYMOUS = 'User:ANONYMOUS'

export class Dispatcher {
  readonly #services: Services
  readonly #tables: ApiTables
  readonly #onFatal: (error: Error) => void
  readonly #windowMs: number
  readonly #unlimited: Throttle

  constructor(services: Services, tables: ApiTables, onFatal: (error: Error) => void) {
    this.#services = services
    this.#tables = tables
    this.#onFatal = onFatal
    this.#windowMs = services.config.int('quota.window.size.seconds') * 1000
    this.#unlimited = new Throttle(services.quotas, services.clock, { user: '', clientId: '' }, this.#windowMs, true)
  }

  isPipelined(frame: Uint8Array, kind: ListenerKind): boolean {
    return frame.length >= 2 && this.#tables[kind].get(readInt16(frame, 0))?.pipelined === true
  }

  /** Never throws. */
  begin(frame: Uint8Array, origin: Origin): Begun {
    let cancels: (() => void)[] | null = null
    try {
      const outcome = this.#serve(frame, origin, (cancel) => {
        cancels ??= []
        cancels.push(cancel)
      })
      if (!(outcome instanceof Promise)) return { outcome, cancel: null }
      return {
        outcome: outcome.catch((error: unknown) => this.#thrown(error, origin)),
        cancel: () => {
          for (const cancel of cancels ?? []) cancel()
        },
      }
    } catch (error) {
      return { outcome: this.#thrown(error, origin), cancel: null }
    }
  }

  #serve(frame: Uint8Array, origin: Origin, onCancel: (cancel: () => void) => void): Outcome | Promise<Outcome> {
    const { listener } = origin
    const { limits } = this.#services
    const header = decodeRequestHeader(frame)
    const entry = this.#tables[listener.kind].get(header.apiKey)
    if (entry === undefined) return closing(`API key ${header.apiKey} is not served on listener ${listener.name}`)
    if (!entry.large && frame.length > limits.controlRequestBytes) {
      return closing(
        `a ${entry.name} request of ${frame.length} bytes, at most ${limits.controlRequestBytes} are allowed`,
      )
    }
    const supported = header.apiVersion >= entry.min && header.apiVersion <= entry.max
    // Kafka closes the connection for every API but this one, which any client must be able to ask (KIP-511).
    if (!supported && entry.key !== apis.ApiVersions.key) {
      return closing(`${entry.name} version ${header.apiVersion} is not supported`)
    }
    const context: RequestContext = {
      principal: ANONYMOUS,
      listener: listener.name,
      // In its own letters: quotas are set for it by name, and groups tell it to whoever asks.
      clientId: shortened(header.clientId ?? '', limits.clientIdLength),
      clientAddress: origin.clientAddress,
      deadline: this.#services.clock.monotonic() + limits.requestWaitMs,
    }
    const version = supported ? header.apiVersion : 0
    const throttle = this.#throttle(context, listener)
    const { length: size } = frame
    const services = this.#services
    const call: Call = { version, context, listener, connection: origin, services, size, throttle, onCancel }
    const answer = supported
      ? entry.serve(frame, header.bodyAt, header.correlationId, call)
      : entry.refuse(header.correlationId, call)
    return answer instanceof Promise
      ? answer.then((outcome) => this.#bounded(outcome, entry))
      : this.#bounded(answer, entry)
  }

  #throttle({ clientId, principal }: RequestContext, listener: ListenerRole): Throttle {
    const { clock, cluster, quotas } = this.#services
    const limits = cluster.image.clientQuotas
    // One for all where nobody is limited, which is nearly everywhere.
    if (limits.size === 0 || listener.internal || listener.kind === 'controller') return this.#unlimited
    const client = { user: principal.slice(principal.indexOf(':') + 1), clientId }
    return new Throttle(quotas.follow(limits), clock, client, this.#windowMs, false)
  }

  #bounded(outcome: Outcome, entry: ApiEntry): Outcome {
    if (outcome.kind !== 'respond' || entry.large) return outcome
    let size = 0
    for (const chunk of outcome.chunks) size += chunk.length
    const most = this.#services.limits.responseBytes
    return size > most ? closing(`an answer of ${size} bytes to ${entry.name}, at most ${most} are allowed`) : outcome
  }

  #thrown(error: unknown, origin: Origin): Outcome {
    if (error instanceof ProtocolError) return closing(error.message)
    const stack = error instanceof Error ? error.stack : undefined
    this.#services.logger.error(
      { client: origin.clientAddress, listener: origin.listener.name, stack },
      `a request failed unexpectedly: ${messageOf(error)}`,
    )
    if (error instanceof Bug) this.#onFatal(error)
    // Handlers hold no state, so nothing is left half done; the client sees a lost connection and asks again.
    return closing('unexpected failure')
  }
}

function closing(reason: string): Outcome {
  return { kind: 'close', reason }
}
