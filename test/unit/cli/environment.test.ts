// KAFKA_… variables become property names by the rule of Apache Kafka's image.

import { expect, test } from 'vitest'
import { propertiesFromEnvironment } from '../../../src/cli/environment.ts'

test('underscores by ones, twos and threes', () => {
  const environment = {
    KAFKA_NODE_ID: '1',
    KAFKA_A__B: 'underscore',
    KAFKA_A___B: 'dash',
    KAFKA_CFG_LOG_DIRS: '/data',
    KAFKA_HEAP_OPTS: '-Xmx1g',
    PATH: '/bin',
    KAFKA_EMPTY: '',
    KAFKA_GONE: undefined,
  }
  expect(Object.fromEntries(propertiesFromEnvironment(environment))).toEqual({
    'node.id': '1',
    a_b: 'underscore',
    'a-b': 'dash',
    'log.dirs': '/data',
    empty: '',
  })
})
