// Keeps what a broker forwards from being carried out after its time. A forwarder that loses its connection to the
// controller asks again on another one, and what it sent on the first may still lie in some network: carried out behind a
// later request, it would undo what its client was told is done (in Kafka it does: NodeToControllerChannelManager asks
// again, and nothing tells the late request from a new one).
//
// So each connection for forwarding names its forwarder and its number in the ApiVersions that opens it (KIP-511), and is
// superseded by the next one of that forwarder, in whichever order they arrive, and by the controller's next epoch: a
// request that another controller has answered meanwhile does not return with the first. What comes on a connection that
// is superseded is not decided; whoever still waits there asks again on a new one. What clients themselves send twice
// cannot be told apart here, as in Kafka.
//
// Pure. Invariant: of one forwarder at most one connection is not superseded.

import type { Epoch, Uuid } from '../../src/base/index.ts'
import type { Software } from '../../src/rpc/index.ts'

const NAME = 'odradek-forwarder'
const VERSION = /^(\d+)\.([0-9a-f]{32})$/
/** Processes whose connections are told apart; the one that was heard of first is forgotten beyond. */
const FORWARDERS_MAX = 1_000

interface Forwarder {
  number: number
  connection: object
}

/** `number`: of this connection among the process's own, from 1 on. */
export function forwardingSoftware(incarnation: Uuid, number: number): Software {
  return { clientSoftwareName: NAME, clientSoftwareVersion: `${number}.${hex(incarnation)}` }
}

export class Forwards {
  readonly #forwarders: Map<string, Forwarder> = new Map()
  /** The controller's epoch in which each connection was opened. */
  readonly #openedIn: WeakMap<object, Epoch> = new WeakMap()
  readonly #superseded: WeakSet<object> = new WeakSet()

  /** `connection`: its identity. What others than forwarders say of themselves is passed over. */
  opened(connection: object, software: Software, epoch: Epoch): void {
    const [, number, forwarder] = VERSION.exec(software.clientSoftwareVersion) ?? []
    if (software.clientSoftwareName !== NAME || number === undefined || forwarder === undefined) return
    this.#openedIn.set(connection, epoch)
    const newest = this.#forwarders.get(forwarder)
    if (newest !== undefined && newest.number > Number(number)) {
      this.#superseded.add(connection)
      return
    }
    if (newest !== undefined) this.#superseded.add(newest.connection)
    else if (this.#forwarders.size >= FORWARDERS_MAX) this.#forwarders.delete(this.#forwarders.keys().next().value!)
    this.#forwarders.set(forwarder, { number: Number(number), connection })
  }

  /** Whether nothing may be decided any more of what comes there. Never of a connection that is not for forwarding. */
  isSuperseded(connection: object, epoch: Epoch): boolean {
    const opened = this.#openedIn.get(connection)
    return opened !== undefined && (opened !== epoch || this.#superseded.has(connection))
  }
}

function hex(uuid: Uuid): string {
  return Buffer.from(uuid, 'base64url').toString('hex')
}
