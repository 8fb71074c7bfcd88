// All outgoing connections of one owner: they share one alarm and close together.

import type { Clock, Endpoint, Network, Random } from '../base/index.ts'
import { Timers } from '../base/index.ts'
import { OutgoingPeer } from './peer.ts'
import type { Peer, Rpc, RpcOptions, Software } from './types.ts'

/** What this program calls itself. */
export const SOFTWARE: Software = { clientSoftwareName: 'odradek', clientSoftwareVersion: '0.1.0' }

export interface RpcPorts {
  readonly network: Network
  readonly clock: Clock
  readonly random: Random
}

export function createRpc(ports: RpcPorts, options: RpcOptions): Rpc {
  const timers = new Timers(ports.clock)
  const peers = new Set<Peer>()
  let closed = false
  return {
    peer(endpoint: Endpoint, software: () => Software = () => SOFTWARE): Peer {
      const peer = new OutgoingPeer(endpoint, { ...ports, timers }, { ...options, software }, () => peers.delete(peer))
      if (closed) peer.close()
      else peers.add(peer)
      return peer
    },
    close(): void {
      closed = true
      for (const peer of [...peers]) peer.close()
      timers.clear()
    },
  }
}
