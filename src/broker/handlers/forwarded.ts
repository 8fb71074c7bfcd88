// What requests to the controller have in common. On a broker's listener they go to the active controller, wherever it
// is; on a controller's listener they are decided here or refused with NOT_CONTROLLER, never passed on, so that two
// controllers that hold each other for the leader cannot play ping-pong with a request.

import { type Api, errorCode, type MessageSchema } from '../../wire/index.ts'
import { type Handler, respond } from '../types.ts'

export function decidedByController<Req extends MessageSchema, Res extends MessageSchema>(
  api: Api<Req, Res>,
): Handler<Req, Res> {
  return async (request, call) => {
    const { cluster, clock, limits } = call.services
    // How long the client waits, where the request says it.
    const asked = 'timeoutMs' in request && typeof request.timeoutMs === 'number' ? request.timeoutMs : limits.submitMs
    const deadline = clock.monotonic() + Math.min(Math.max(asked, 0), limits.requestWaitMs)
    const context = { ...call.context, deadline }
    const here = call.listener.kind === 'controller'
    // Whoever still waits there asks again on a connection of now.
    if (here && cluster.isSuperseded(call.connection))
      return {
        kind: 'close',
        reason: 'its forwarder has opened another connection, or the controller has changed since',
      }
    return respond(
      here
        ? await cluster.decide(api, call.version, request, context)
        : await cluster.submit(api, call.version, request, context),
    )
  }
}

/** For answers whose error is one top-level code. */
export function topLevel(_request: unknown, error: Parameters<typeof errorCode>[0]): { readonly errorCode: number } {
  return { errorCode: errorCode(error) }
}
