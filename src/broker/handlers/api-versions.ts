// ApiVersions (18, versions 0–4, both listeners): what this listener serves, derived from the API table, and the features
// this node supports and the cluster has finalized (KIP-35, KIP-511, KIP-584).
// Version 3 adds the client's software name and version, which must look like one or INVALID_REQUEST follows. Version 4
// may carry supported features whose range starts at 0; before it they are left out, since clients took 0 for an error
// (KAFKA-17011). A version we do not know is answered as version 0 with UNSUPPORTED_VERSION and the whole table.

import type { ApiVersionsRequest, ApiVersionsResponse } from '../../wire/index.ts'
import { errorCode, type Input } from '../../wire/index.ts'
import { type Call, type Handler, type Reply, respond } from '../types.ts'

const SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

export const apiVersions: Handler<typeof ApiVersionsRequest, typeof ApiVersionsResponse> = (request, call) => {
  const { clientSoftwareName: name, clientSoftwareVersion: version } = request
  if (call.version >= 3 && !(SOFTWARE.test(name) && SOFTWARE.test(version))) {
    return respond({ errorCode: errorCode('INVALID_REQUEST') })
  }
  if (call.listener.kind === 'controller') call.services.cluster.opened(call.connection, request)
  return respond(table(call, 0))
}

export function apiVersionsUnsupported(call: Call): Reply<typeof ApiVersionsResponse> {
  return respond({
    apiKeys: [...call.services.advertised(call.listener.kind)],
    errorCode: errorCode('UNSUPPORTED_VERSION'),
  })
}

function table(call: Call, code: number): Input<typeof ApiVersionsResponse> {
  const { advertised, cluster, config, supportedFeatures } = call.services
  const supported = [...supportedFeatures]
    .filter(([, range]) => range.max > 0 && (range.min > 0 || call.version >= 4))
    .map(([name, range]) => ({ name, minVersion: range.min, maxVersion: range.max }))
  const image = cluster.image
  // The quorum's own feature is in its log, not in the metadata (KIP-853).
  const quorumVersion = config.staticVoters.length === 0 ? 1 : 0
  const finalized = [...new Map([...image.features, ['kraft.version', quorumVersion]])]
    .filter(([, level]) => level > 0)
    .map(([name, level]) => ({ name, maxVersionLevel: level, minVersionLevel: level }))
  return {
    errorCode: code,
    apiKeys: [...advertised(call.listener.kind)],
    supportedFeatures: supported,
    finalizedFeatures: finalized,
    // The offset of the last record folded in, as Kafka reports it.
    finalizedFeaturesEpoch: image.offset - 1,
  }
}
