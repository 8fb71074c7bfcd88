// Our configuration against what Kafka 4.3.1's own classes said to the same values (`kafka-4.3.1.jsonl`: LogConfig.validate,
// DynamicBrokerConfig.validateConfigs, new KafkaConfig). Where we differ on purpose, the difference is listed here.

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { ListenerConfig } from '../../../src/config/index.ts'
import { parseNodeConfig, validateDynamicBrokerConfigs, validateTopicConfig } from '../../../src/config/index.ts'
import { formatEndpoint } from '../../../src/config/listeners.ts'

type Case =
  | { kind: 'topic'; name: string; value: string; error: string | null }
  | { kind: 'dynamic'; name: string; value: string; perBroker: boolean; error: string | null }
  | {
      kind: 'node'
      set: Record<string, string>
      without: string[]
      error: string | null
      advertised?: string[]
      controllers?: string[]
      interBroker?: string
      listeners?: string[]
    }

const cases = readFileSync(new URL('./kafka-4.3.1.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Case)

const BASE = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.quorum.bootstrap.servers': 'localhost:9093',
  listeners: 'PLAINTEXT://:9092,CONTROLLER://:9093',
  'controller.listener.names': 'CONTROLLER',
}

/** Refused here and not by Kafka (which fails later, or serves what we do not), or allowed here and warned of. */
const STRICTER: readonly string[] = [
  'listeners=PLAINTEXT://:99999,CONTROLLER://:9093', // Kafka fails when it binds
  'default.replication.factor=0', // Kafka fails at each topic
  'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PLAINTEXT:SSL,CONTROLLER:PLAINTEXT', // SSL is not served
]
/** Read by Kafka only where we do not serve the feature: names pass unread. */
const UNREAD: readonly string[] = ['early.start.listeners=X']

function settings(each: Case & { kind: 'node' }): string {
  return [...each.without.map((name) => `!${name}`), ...Object.entries(each.set).map(([k, v]) => `${k}=${v}`)].join(' ')
}

function parse(each: Case & { kind: 'node' }): ReturnType<typeof parseNodeConfig> {
  const properties = new Map(Object.entries({ ...BASE, ...each.set }))
  for (const name of each.without) properties.delete(name)
  return parseNodeConfig(properties, { hostname: 'HOST' })
}

const shown = (listener: ListenerConfig): string =>
  `${listener.name}://${formatEndpoint({ ...listener, host: listener.host === 'HOST' ? '' : listener.host })} ${listener.securityProtocol}`
const unbracket = (text: string): string => text.replace(/[[\]]/g, '')

describe('topic configurations, as Kafka judges them', () => {
  for (const each of cases) {
    if (each.kind !== 'topic') continue
    test(`${each.name}=${JSON.stringify(each.value)}`, () => {
      expect(validateTopicConfig(each.name, each.value)).toBe(each.error)
    })
  }
})

describe('changes of a running broker, as Kafka judges them', () => {
  for (const each of cases) {
    if (each.kind !== 'dynamic') continue
    test(`${each.name}=${each.value} perBroker=${each.perBroker}`, () => {
      expect(validateDynamicBrokerConfigs(new Map([[each.name, each.value]]), each.perBroker)).toBe(each.error)
    })
  }
})

describe('a node as a whole, as Kafka judges it', () => {
  for (const each of cases) {
    if (each.kind !== 'node') continue
    const text = settings(each)
    test(text === '' ? 'nothing more' : text, () => {
      if (each.error === null && STRICTER.some((one) => text.includes(one))) {
        expect(() => parse(each)).toThrow()
      } else if (each.error !== null && UNREAD.some((one) => text.includes(one))) {
        expect(() => parse(each)).not.toThrow()
      } else if (each.error !== null) {
        expect(() => parse(each)).toThrow(/\S/)
      } else {
        const node = parse(each)
        const controllers = node.advertisedListeners.filter((l) => node.controllerListenerNames.includes(l.name))
        const brokers = node.advertisedListeners.filter((l) => !node.controllerListenerNames.includes(l.name))
        expect(node.listeners.map(shown).map(unbracket)).toEqual(each.listeners)
        expect(brokers.map(shown).map(unbracket)).toEqual(each.advertised)
        expect(controllers.map(shown).map(unbracket)).toEqual(each.controllers)
        expect(node.interBrokerListenerName).toBe(each.interBroker)
      }
    })
  }

  test('the sentences are Kafka’s where one value is wrong', () => {
    const differing: string[] = []
    for (const each of cases) {
      if (each.kind !== 'node' || each.error === null || UNREAD.some((one) => settings(each).includes(one))) continue
      try {
        parse(each)
      } catch (error) {
        if (!(error as Error).message.includes(each.error))
          differing.push(`${settings(each)}\n  ${each.error}\n  ${(error as Error).message}`)
      }
    }
    expect(differing).toMatchInlineSnapshot(`
      [
        "node.id=abc
        Invalid value abc for configuration broker.id: Not a number of type INT
        Invalid value abc for configuration node.id: Not a number of type INT",
        "listeners=PLAINTEXT://:9092,CONTROLLER://:9092
        Error creating broker listeners from '[PLAINTEXT://:9092, CONTROLLER://:9092]': Each listener must have a different port, listeners: [PLAINTEXT://:9092, CONTROLLER://:9092]
        Each listener must have a different port, but 9092 is used by PLAINTEXT://:9092, CONTROLLER://:9092",
        "listeners=PLAINTEXT://:9092,PLAINTEXT://:9094,CONTROLLER://:9093
        Error creating broker listeners from '[PLAINTEXT://:9092, PLAINTEXT://:9094, CONTROLLER://:9093]': Each listener must have a different name, listeners: [PLAINTEXT://:9092, PLAINTEXT://:9094, CONTROLLER://:9093]
        Error creating broker listeners from listeners '[PLAINTEXT://:9092, PLAINTEXT://:9094, CONTROLLER://:9093]': Each listener must have a different name, listeners: [PLAINTEXT://:9092, PLAINTEXT://:9094, CONTROLLER://:9093]",
        "listeners=PLAINTEXT://127.0.0.1:9092,PLAINTEXT://[::1]:9092,CONTROLLER://:9093
        Error creating broker listeners from '[PLAINTEXT://127.0.0.1:9092, PLAINTEXT://[::1]:9092, CONTROLLER://:9093]': Each listener must have a different name, listeners: [PLAINTEXT://127.0.0.1:9092, PLAINTEXT://[::1]:9092, CONTROLLER://:9093]
        Error creating broker listeners from listeners '[PLAINTEXT://127.0.0.1:9092, PLAINTEXT://[::1]:9092, CONTROLLER://:9093]': Each listener must have a different name, listeners: [PLAINTEXT://127.0.0.1:9092, PLAINTEXT://[::1]:9092, CONTROLLER://:9093]",
        "listeners=FOO://:9092,CONTROLLER://:9093
        Error creating broker listeners from '[FOO://:9092, CONTROLLER://:9093]': No security protocol defined for listener FOO
        Error creating broker listeners from listeners '[FOO://:9092, CONTROLLER://:9093]': No security protocol defined for listener FOO",
        "listeners=PLAINTEXT://:9092,FOO://:9094,CONTROLLER://:9093 listener.security.protocol.map=FOO:PLAINTEXT,PLAINTEXT:PLAINTEXT
        Error creating broker listeners from '[PLAINTEXT://:9092, FOO://:9094, CONTROLLER://:9093]': No security protocol defined for listener CONTROLLER
        Error creating broker listeners from listeners '[PLAINTEXT://:9092, FOO://:9094, CONTROLLER://:9093]': No security protocol defined for listener CONTROLLER",
        "listeners=PLAINTEXT//9092
        Unable to parse a listener name from PLAINTEXT//9092
        Error creating broker listeners from listeners '[PLAINTEXT//9092]': Unable to parse PLAINTEXT//9092: the form is NAME://host:port, with IPv6 in brackets and a port up to 65535",
        "controller.listener.names=FOO
        Error creating broker listeners from '[PLAINTEXT://:9092, CONTROLLER://:9093]': No security protocol defined for listener CONTROLLER
        Error creating broker listeners from listeners '[PLAINTEXT://:9092, CONTROLLER://:9093]': No security protocol defined for listener CONTROLLER",
        "advertised.listeners=FOO://h:9092
        Error creating broker listeners from '[FOO://h:9092]': No security protocol defined for listener FOO
        Error creating broker listeners from advertised.listeners '[FOO://h:9092]': No security protocol defined for listener FOO",
        "controller.quorum.voters=x
        Invalid configuration value for controller.quorum.voters. Each entry should be in the form \`{id}@{host}:{port}\`.
        Invalid configuration value x for controller.quorum.voters. Each entry should be in the form \`{id}@{host}:{port}\`.",
        "listeners=SSL://:9092,CONTROLLER://:9093 security.inter.broker.protocol=SSL
        Error creating broker listeners from '[SSL://:9092, CONTROLLER://:9093]': No security protocol defined for listener CONTROLLER
        2 problems:
        Error creating broker listeners from listeners '[SSL://:9092, CONTROLLER://:9093]': No security protocol defined for listener CONTROLLER
        Listener SSL asks for SSL: this version serves PLAINTEXT listeners only",
      ]
    `)
  })
})
