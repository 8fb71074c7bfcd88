// What a tool's properties say of its connections, and what is refused.

import { expect, test } from 'vitest'
import { clientOptionsOf, int } from '../../../../src/cli/kafka/client-options.ts'

const of = (...pairs: [string, string][]) => clientOptionsOf('h:1', new Map(pairs))

test('what is not said is Kafka’s', () => expect(of()).toEqual({ bootstrap: 'h:1', requestTimeoutMs: 30_000 }))

test('name and time-out', () =>
  expect(of(['client.id', 'me'], ['request.timeout.ms', ' 1500 '], ['security.protocol', 'plaintext'])).toEqual({
    ...{ bootstrap: 'h:1', clientId: 'me', requestTimeoutMs: 1500 },
  }))

test('times of calls, pauses and connections', () =>
  expect(
    of(
      ['default.api.timeout.ms', '5000'],
      ['retry.backoff.ms', '10'],
      ['retry.backoff.max.ms', '20'],
      ['socket.connection.setup.timeout.ms', '30'],
    ),
  ).toMatchObject({ apiTimeoutMs: 5_000, retryBackoffMs: 10, retryBackoffMaxMs: 20, connectTimeoutMs: 30 }))

test.each(['SSL', 'SASL_PLAINTEXT', 'SASL_SSL'])('%s is refused: nothing goes out in plain text instead', (protocol) =>
  expect(() => of(['security.protocol', protocol])).toThrow(
    `Invalid value ${protocol} for configuration security.protocol`,
  ),
)

test.each(['abc', '1.5', '', '2147483648'])('%j is no int', (text) =>
  expect(() => int(new Map([['retries', text]]), 'retries', 1)).toThrow(/^Invalid value .*Not a number of type INT/),
)

test('a number below 0 is refused', () =>
  expect(() => of(['request.timeout.ms', '-1'])).toThrow('Value must be at least 0'))
