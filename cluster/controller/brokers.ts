// A broker as the controller sees it: registration, heartbeats, fencing, controlled shutdown. A broker epoch is the
// offset of the registration record. A fenced broker leads nothing and is in no ISR. Sessions live in memory only: a new
// controller gives every broker a whole session before it fences it.

import type { BrokerEpoch, Instant, NodeId, Uuid } from '../../src/base/index.ts'
import { assert, uuidToBytes } from '../../src/base/index.ts'
import type {
  BrokerHeartbeatRequest,
  BrokerHeartbeatResponse,
  BrokerRegistrationRequest,
  BrokerRegistrationResponse,
  ControllerRegistrationRequest,
  ControllerRegistrationResponse,
  ErrorName,
  Input,
  MetadataRecord,
  UnregisterBrokerRequest,
  UnregisterBrokerResponse,
} from '../../src/wire/index.ts'
import { errorCode } from '../../src/wire/index.ts'
import type { BrokerImage, MetadataImage } from '../metadata/index.ts'
import {
  isActive,
  METADATA_VERSION,
  metadataVersion,
  registerBrokerVersion,
  supportedFeatures,
  supportsControllerRegistration,
  supportsCordoning,
  supportsDirectories,
} from '../metadata/index.ts'
import { Changes } from './changes.ts'
import {
  electWith,
  leaderships,
  removeFromDirectories,
  removeFromElrs,
  removeFromIsrs,
  removeUnclean,
} from './elections.ts'
import type { BrokerSession, Controller, Decision, DecisionContext } from './types.ts'

/** Null: the broker is registered under that epoch. */
export function brokerEpochProblem(draft: MetadataImage, id: NodeId, epoch: BrokerEpoch): ErrorName | null {
  return draft.brokers.get(id)?.epoch === epoch ? null : 'STALE_BROKER_EPOCH'
}

/** Every registered broker starts a session when a controller becomes active. */
export function startSessions(controller: Controller, draft: MetadataImage, now: Instant): void {
  controller.sessions.clear()
  for (const broker of draft.brokers.values()) {
    controller.sessions.set(broker.id, newSession(broker.epoch, broker.epoch, now))
  }
}

export function decideRegisterBroker(
  controller: Controller,
  draft: MetadataImage,
  request: BrokerRegistrationRequest,
  context: DecisionContext,
): Decision<Input<typeof BrokerRegistrationResponse>> {
  const { brokerId } = request
  const before = draft.brokers.get(brokerId)
  const problem = registrationProblem(controller, draft, request, context.now)
  if (problem !== null) return { records: [], response: { errorCode: errorCode(problem) } }
  const changes = new Changes(draft, controller.node)
  const again = before !== undefined && before.incarnationId === request.incarnationId
  if (!again && before !== undefined) {
    // KIP-966: only a broker that names the epoch it last ran under has stopped cleanly since.
    if (request.previousBrokerEpoch === before.epoch) removeFromIsrs(changes, brokerId)
    else removeUnclean(changes, brokerId)
  }
  const offset = context.nextOffset + changes.records.length
  // The same incarnation again (KAFKA-16952: no new epoch): what it says of itself may have changed, not who it is.
  const epoch = again ? before.epoch : offset
  const level = metadataVersion(draft)
  changes.records.push(registrationRecord(request, epoch, again ? before : null, level))
  const session = newSession(epoch, offset, context.now)
  const earlier = controller.sessions.get(brokerId)
  if (again && earlier !== undefined) session.controlledShutdownOffset = earlier.controlledShutdownOffset
  controller.sessions.set(brokerId, session)
  return { records: changes.records, response: { errorCode: 0, brokerEpoch: epoch } }
}

export function decideHeartbeat(
  controller: Controller,
  draft: MetadataImage,
  request: BrokerHeartbeatRequest,
  context: DecisionContext,
): Decision<Input<typeof BrokerHeartbeatResponse>> {
  const { brokerId } = request
  const stale = brokerEpochProblem(draft, brokerId, request.brokerEpoch)
  if (stale !== null) return { records: [], response: { errorCode: errorCode(stale) } }
  const broker = draft.brokers.get(brokerId)!
  const session = controller.sessions.get(brokerId)
  assert(session !== undefined, `broker ${brokerId} is registered and has no session`)
  const changes = new Changes(draft, controller.node)
  const offline = supportsDirectories(metadataVersion(draft)) ? offlineOf(broker, request.offlineLogDirs) : []
  if (offline.length > 0) removeFromDirectories(changes, brokerId, offline)
  const next = nextState(controller, draft, broker, session, request)
  if (next === 'shutting-down') {
    if (!broker.inControlledShutdown || session.controlledShutdownOffset < 0) {
      changes.records.push(registrationChange(broker, { inControlledShutdown: 1 }))
      removeFromIsrs(changes, brokerId)
      session.controlledShutdownOffset = context.nextOffset + changes.records.length - 1
    }
  } else if (next === 'unfenced' && broker.fenced) {
    changes.records.push(registrationChange(broker, { fenced: -1 }))
    electWith(changes, brokerId)
  } else if ((next === 'fenced' || next === 'gone') && !broker.fenced) {
    removeFromIsrs(changes, brokerId)
    changes.records.push(registrationChange(broker, { fenced: 1 }))
    session.controlledShutdownOffset = -1
  }
  const directories = directoryChange(draft, broker, offline, request.cordonedLogDirs)
  if (directories !== null) changes.records.push(directories)
  session.lastContact = context.now
  session.metadataOffset = request.currentMetadataOffset
  return {
    records: changes.records,
    response: {
      errorCode: 0,
      isCaughtUp: request.currentMetadataOffset >= session.registrationOffset,
      isFenced: next === 'fenced' || next === 'gone',
      shouldShutDown: next === 'gone',
    },
  }
}

/** At most one broker a check, so that the next one's ISRs are seen with this one gone (KAFKA-13173). */
export function decideFencing(controller: Controller, draft: MetadataImage, now: Instant): Decision<NodeId | null> {
  let stalest: BrokerImage | null = null
  let contact = now - controller.node.int('broker.session.timeout.ms')
  for (const broker of draft.brokers.values()) {
    const session = controller.sessions.get(broker.id)
    if (broker.fenced || session === undefined || session.lastContact >= contact) continue
    contact = session.lastContact
    stalest = broker
  }
  if (stalest === null) return { records: [], response: null }
  const changes = new Changes(draft, controller.node)
  removeFromIsrs(changes, stalest.id)
  changes.records.push(registrationChange(stalest, { fenced: 1 }))
  controller.sessions.get(stalest.id)!.controlledShutdownOffset = -1
  return { records: changes.records, response: stalest.id }
}

export function decideUnregisterBroker(
  controller: Controller,
  draft: MetadataImage,
  request: UnregisterBrokerRequest,
): Decision<Input<typeof UnregisterBrokerResponse>> {
  const { brokerId } = request
  const broker = draft.brokers.get(brokerId)
  if (broker === undefined) {
    const errorMessage = `Broker ID ${brokerId} is not currently registered`
    return { records: [], response: { errorCode: errorCode('BROKER_ID_NOT_REGISTERED'), errorMessage } }
  }
  const changes = new Changes(draft, controller.node)
  removeFromIsrs(changes, brokerId)
  removeFromElrs(changes, brokerId)
  const value = { brokerId, brokerEpoch: broker.epoch }
  changes.records.push({ type: 'UnregisterBrokerRecord', version: 0, value })
  controller.sessions.delete(brokerId)
  return { records: changes.records, response: { errorCode: 0, errorMessage: null } }
}

export function decideRegisterController(
  draft: MetadataImage,
  request: ControllerRegistrationRequest,
): Decision<Input<typeof ControllerRegistrationResponse>> {
  if (!supportsControllerRegistration(metadataVersion(draft))) {
    const errorMessage = 'The current MetadataVersion is too old to support controller registrations.'
    return { records: [], response: { errorCode: errorCode('UNSUPPORTED_VERSION'), errorMessage } }
  }
  const { controllerId, incarnationId, listeners, features } = request
  const value = { controllerId, incarnationId, zkMigrationReady: false, endPoints: listeners, features }
  return {
    records: [{ type: 'RegisterControllerRecord', version: 0, value }],
    response: { errorCode: 0, errorMessage: null },
  }
}

function registrationProblem(
  controller: Controller,
  draft: MetadataImage,
  request: BrokerRegistrationRequest,
  now: Instant,
): ErrorName | null {
  if (request.clusterId !== controller.clusterId) return 'INCONSISTENT_CLUSTER_ID'
  const before = draft.brokers.get(request.brokerId)
  if (before !== undefined && before.incarnationId !== request.incarnationId && hasSession(controller, before, now)) {
    return 'DUPLICATE_BROKER_REGISTRATION'
  }
  if (request.isMigratingZkBroker) return 'BROKER_ID_NOT_REGISTERED'
  if (supportsDirectories(metadataVersion(draft)) && !validDirectories(draft, request)) return 'INVALID_REGISTRATION'
  // Levels that this version keeps without serving are not asked of anybody.
  for (const [name, level] of draft.features) {
    if (!supportedFeatures.has(name)) continue
    const range = request.features.find((feature) => feature.name === name)
    if (name === METADATA_VERSION && range === undefined) return 'INVALID_REGISTRATION'
    if (level < (range?.minSupportedVersion ?? 0) || level > (range?.maxSupportedVersion ?? 0)) {
      return 'UNSUPPORTED_VERSION'
    }
  }
  return null
}

function validDirectories(draft: MetadataImage, request: BrokerRegistrationRequest): boolean {
  const { logDirs, brokerId } = request
  if (logDirs.length === 0 || new Set(logDirs).size !== logDirs.length) return false
  if (logDirs.some(isReservedDirectory)) return false
  for (const other of draft.brokers.values()) {
    if (other.id !== brokerId && other.directories.some((id) => logDirs.includes(id))) return false
  }
  return true
}

/** The first hundred ids of all stand for something else than a directory (KIP-858). */
function isReservedDirectory(id: Uuid): boolean {
  const bytes = new Uint8Array(16)
  uuidToBytes(id, bytes)
  return bytes[15]! < 100 && bytes.subarray(0, 15).every((byte) => byte === 0)
}

function hasSession(controller: Controller, broker: BrokerImage, now: Instant): boolean {
  if (broker.fenced) return false
  const session = controller.sessions.get(broker.id)
  return session !== undefined && session.lastContact + controller.node.int('broker.session.timeout.ms') >= now
}

type NextState = 'fenced' | 'unfenced' | 'shutting-down' | 'gone'

function nextState(
  controller: Controller,
  draft: MetadataImage,
  broker: BrokerImage,
  session: BrokerSession,
  request: BrokerHeartbeatRequest,
): NextState {
  const leads = (): boolean => leaderships(draft, broker.id) > 0
  if (session.controlledShutdownOffset >= 0) {
    if (leads()) return 'shutting-down'
    return session.controlledShutdownOffset <= lowestActiveOffset(controller, draft) ? 'gone' : 'shutting-down'
  }
  if (broker.fenced) {
    if (request.wantShutDown) return 'gone'
    // It was let go: only its next incarnation comes back.
    if (broker.inControlledShutdown) return 'fenced'
    return !request.wantFence && request.currentMetadataOffset >= session.registrationOffset ? 'unfenced' : 'fenced'
  }
  if (request.wantFence) return request.wantShutDown ? 'gone' : 'fenced'
  if (request.wantShutDown) return leads() ? 'shutting-down' : 'gone'
  return 'unfenced'
}

/** What every active broker has applied: those who are leaving are not waited for. */
function lowestActiveOffset(controller: Controller, draft: MetadataImage): number {
  let lowest = Number.POSITIVE_INFINITY
  for (const [id, session] of controller.sessions) {
    if (!isActive(draft.brokers.get(id)) || session.controlledShutdownOffset >= 0) continue
    lowest = Math.min(lowest, session.metadataOffset)
  }
  return lowest
}

function offlineOf(broker: BrokerImage, reported: readonly Uuid[]): Uuid[] {
  return broker.directories.filter((id) => reported.includes(id))
}

/** A record that lists no directory would say "unchanged": a broker that has lost all of them stops by itself. */
function directoryChange(
  draft: MetadataImage,
  broker: BrokerImage,
  offline: readonly Uuid[],
  cordoned: readonly Uuid[] | null,
): MetadataRecord | null {
  const online = offline.length === 0 ? [] : broker.directories.filter((id) => !offline.includes(id))
  const newlyCordoned =
    cordoned !== null && supportsCordoning(metadataVersion(draft))
      ? [...cordoned].sort().join() !== [...(broker.cordonedDirectories ?? [])].sort().join()
      : false
  if (online.length === 0 && !newlyCordoned) return null
  return registrationChange(broker, {
    logDirs: online,
    cordonedLogDirs: newlyCordoned && cordoned !== null ? [...cordoned] : null,
  })
}

/** In the oldest version that carries the change, as Kafka writes it. */
function registrationChange(
  broker: BrokerImage,
  change: { fenced?: number; inControlledShutdown?: number; logDirs?: Uuid[]; cordonedLogDirs?: Uuid[] | null },
): MetadataRecord {
  const { fenced = 0, inControlledShutdown = 0, logDirs = [], cordonedLogDirs = null } = change
  return {
    type: 'BrokerRegistrationChangeRecord',
    version: cordonedLogDirs !== null ? 3 : logDirs.length > 0 ? 2 : inControlledShutdown !== 0 ? 1 : 0,
    value: { brokerId: broker.id, brokerEpoch: broker.epoch, fenced, inControlledShutdown, logDirs, cordonedLogDirs },
  }
}

function registrationRecord(
  request: BrokerRegistrationRequest,
  brokerEpoch: BrokerEpoch,
  before: BrokerImage | null,
  level: number,
): MetadataRecord {
  return {
    type: 'RegisterBrokerRecord',
    version: registerBrokerVersion(level),
    value: {
      brokerId: request.brokerId,
      isMigratingZkBroker: false,
      incarnationId: request.incarnationId,
      brokerEpoch,
      endPoints: request.listeners,
      features: request.features,
      rack: request.rack,
      fenced: before?.fenced ?? true,
      inControlledShutdown: before?.inControlledShutdown ?? false,
      logDirs: supportsDirectories(level) ? request.logDirs : [],
      cordonedLogDirs: null,
    },
  }
}

function newSession(epoch: BrokerEpoch, registrationOffset: number, now: Instant): BrokerSession {
  return { epoch, lastContact: now, metadataOffset: -1, controlledShutdownOffset: -1, registrationOffset }
}
