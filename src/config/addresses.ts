// Roles, listeners, what they advertise, and where the quorum is found: the part of a node's configuration in which
// every value depends on the others.

import type { ProtocolMap } from './listeners.ts'
import { isSecurityProtocol, parseEndpoint, parseListeners, parseProtocolMap, portProblem } from './listeners.ts'
import type { ListenerConfig, NodeConfig, SecurityProtocol } from './types.ts'
import type { Values } from './values.ts'

export type Addresses = Pick<
  NodeConfig,
  | 'isBroker'
  | 'isController'
  | 'listeners'
  | 'advertisedListeners'
  | 'controllerListenerNames'
  | 'interBrokerListenerName'
  | 'staticVoters'
  | 'bootstrapServers'
>

/** What is wrong goes to `problems`; the result is of use only when nothing was. */
export function readAddresses(values: Values, nodeId: number, hostname: string, problems: string[]): Addresses {
  const roles = values.list('process.roles')
  const isBroker = roles.includes('broker')
  const isController = roles.includes('controller')
  const controllerListenerNames = values.list('controller.listener.names').map((name) => name.toUpperCase())
  const protocols = protocolMap(values, controllerListenerNames, problems)
  const listeners = parseListeners('listeners', values.list('listeners'), protocols, problems)
  const port = portProblem(listeners)
  if (port !== null) problems.push(port)
  checkUnserved(listeners, problems)
  const staticVoters = parseVoters(values.list('controller.quorum.voters'), problems)
  const bootstrapServers = parseBootstrap(values.list('controller.quorum.bootstrap.servers'), problems)
  const ids = staticVoters.map((voter) => voter.id)
  if (staticVoters.length === 0 && bootstrapServers.length === 0 && problems.length === 0) {
    problems.push(
      'If using process.roles, either controller.quorum.bootstrap.servers must contain the set of bootstrap controllers or controller.quorum.voters must contain a parseable set of controllers.',
    )
  }
  if (isController && ids.length > 0 && !ids.includes(nodeId)) {
    problems.push(
      `If process.roles contains the 'controller' role, the node id ${nodeId} must be included in the set of voters controller.quorum.voters=Set(${ids.join(', ')})`,
    )
  }
  if (!isController && ids.includes(nodeId)) {
    problems.push(
      `If process.roles contains just the 'broker' role, the node id ${nodeId} must not be included in the set of voters controller.quorum.voters=Set(${ids.join(', ')})`,
    )
  }
  const result: Addresses = {
    isBroker,
    isController,
    listeners,
    advertisedListeners: advertise(
      values,
      nodeId,
      { listeners, controllerListenerNames, protocols, staticVoters, hostname },
      problems,
    ),
    controllerListenerNames,
    interBrokerListenerName: interBrokerListener(values, protocols, problems),
    staticVoters,
    bootstrapServers,
  }
  // Sentences about roles only make sense of listeners that could be read.
  if (problems.length === 0) checkRoles(result, problems)
  return result
}

// Unless the operator maps names himself or serves TLS or SASL anywhere, a controller listener is plaintext.
function protocolMap(values: Values, controllerNames: readonly string[], problems: string[]): ProtocolMap {
  const name = 'listener.security.protocol.map'
  const map = new Map(
    parseProtocolMap(
      values
        .string(name)!
        .split(',')
        .filter((entry) => entry.trim() !== ''),
      name,
      problems,
    ),
  )
  if (values.has(name)) return map
  const names = [...controllerNames, ...values.list('listeners').map((entry) => entry.split(':')[0]!.toUpperCase())]
  if (names.some((each) => isSecurityProtocol(each) && each !== 'PLAINTEXT')) return map
  for (const each of controllerNames) if (!map.has(each)) map.set(each, 'PLAINTEXT' satisfies SecurityProtocol)
  return map
}

function checkUnserved(listeners: readonly ListenerConfig[], problems: string[]): void {
  for (const listener of listeners) {
    if (listener.securityProtocol === 'PLAINTEXT') continue
    problems.push(
      `Listener ${listener.name} asks for ${listener.securityProtocol}: this version serves PLAINTEXT listeners only`,
    )
  }
}

interface Known {
  readonly listeners: readonly ListenerConfig[]
  readonly controllerListenerNames: readonly string[]
  readonly protocols: ProtocolMap
  readonly staticVoters: NodeConfig['staticVoters']
  readonly hostname: string
}

function advertise(values: Values, nodeId: number, known: Known, problems: string[]): ListenerConfig[] {
  const { listeners, hostname } = known
  const isControllers = (listener: ListenerConfig): boolean => known.controllerListenerNames.includes(listener.name)
  const given = parseListeners('advertised.listeners', values.list('advertised.listeners'), known.protocols, problems)
  const own = values.has('advertised.listeners') ? given.filter((listener) => !isControllers(listener)) : null
  const result: ListenerConfig[] = []
  for (const listener of own ?? listeners.filter((each) => !isControllers(each))) {
    if (listener.host === '0.0.0.0' || listener.host === '::') {
      problems.push(
        `advertised.listeners cannot use the nonroutable meta-address ${listener.host}. Use a routable IP address.`,
      )
    }
    result.push(listener.host === '' ? { ...listener, host: hostname } : listener)
  }
  const voter = known.staticVoters.find((each) => each.id === nodeId)
  for (const listener of listeners.filter(isControllers)) {
    const said = given.find((each) => each.name === listener.name)
    const wildcard = listener.host === '' || listener.host === '0.0.0.0' || listener.host === '::'
    const host = said?.host ?? voter?.host ?? (wildcard ? hostname : listener.host)
    result.push({ ...listener, host: host === '' ? hostname : host, port: said?.port ?? voter?.port ?? listener.port })
  }
  return result
}

function interBrokerListener(values: Values, protocols: ProtocolMap, problems: string[]): string {
  const given = values.string('inter.broker.listener.name')
  if (given === null) return values.string('security.inter.broker.protocol')!
  if (values.has('security.inter.broker.protocol')) {
    problems.push('Only one of inter.broker.listener.name and security.inter.broker.protocol should be set.')
  }
  const name = given.toUpperCase()
  if (!protocols.has(name)) {
    problems.push(
      `Listener with name ${name} defined in inter.broker.listener.name not found in listener.security.protocol.map.`,
    )
  }
  return name
}

function parseVoters(entries: readonly string[], problems: string[]): { id: number; host: string; port: number }[] {
  const voters = new Map<number, { id: number; host: string; port: number }>()
  for (const entry of entries) {
    const match = /^(\d+)@(.+)$/.exec(entry)
    const at = match === null ? null : parseEndpoint(match[2]!)
    if (match === null || at === null || at.host === '') {
      problems.push(
        `Invalid configuration value ${entry} for controller.quorum.voters. Each entry should be in the form \`{id}@{host}:{port}\`.`,
      )
    } else voters.set(Number(match[1]), { id: Number(match[1]), ...at })
  }
  return [...voters.values()]
}

function parseBootstrap(entries: readonly string[], problems: string[]): { host: string; port: number }[] {
  return entries.flatMap((entry) => {
    const at = parseEndpoint(entry)
    if (at !== null && at.host !== '') return [at]
    problems.push(
      `Failed to parse host name from ${entry} for the configuration controller.quorum.bootstrap.servers. Each entry should be in the form "{host}:{port}"`,
    )
    return []
  })
}

function checkRoles(found: Addresses, problems: string[]): void {
  const bound = found.listeners.map((listener) => listener.name)
  const controllers = found.controllerListenerNames
  const advertised = found.advertisedListeners.map((listener) => listener.name)
  const ofBroker = advertised.filter((name) => !controllers.includes(name))
  if (found.isController && !controllers.some((name) => bound.includes(name))) {
    problems.push(
      "controller.listener.names must contain at least one value appearing in the 'listeners' configuration when running the KRaft controller role",
    )
  }
  if (!found.isBroker) {
    if (bound.some((name) => !controllers.includes(name))) {
      problems.push(
        'The listeners config must only contain KRaft controller listeners from controller.listener.names when process.roles=controller',
      )
    }
    return
  }
  if (!found.isController && controllers.some((name) => bound.includes(name))) {
    problems.push(
      "controller.listener.names must not contain a value appearing in the 'listeners' configuration when running KRaft with just the broker role",
    )
  }
  if (ofBroker.length === 0) {
    problems.push(
      'There must be at least one broker advertised listener. Perhaps all listeners appear in controller.listener.names?',
    )
  } else if (!ofBroker.includes(found.interBrokerListenerName)) {
    problems.push(
      `inter.broker.listener.name must be a listener name defined in advertised.listeners. The valid options based on currently configured listeners are ${ofBroker.join(',')}`,
    )
  }
  const unbound = ofBroker.filter((name) => !bound.includes(name))
  if (unbound.length > 0) {
    problems.push(
      `advertised.listeners listener names must be equal to or a subset of the ones defined in listeners. Found ${ofBroker.join(',')}. The valid options based on the current configuration are ${bound.join(',')}`,
    )
  }
}
