// One address, one text.

import { expect, test } from 'vitest'
import { canonicalAddress } from '../../src/base/index.ts'

test.each<[string, string | null]>([
  ['127.0.0.1', '127.0.0.1'],
  ['localhost', '127.0.0.1'],
  ['010.000.0.1', '10.0.0.1'],
  ['256.0.0.1', null],
  ['1.2.3', null],
  ['::1', '::1'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['2001:DB8:0:0:0:1::0001', '2001:db8::1:0:1'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['::ffff:a01:203', '10.1.2.3'],
  ['::::', null],
  ['1:2', null],
  [']/x:', null],
  ['some.host', null],
  ['', null],
])('%s is %s', (text, address) => {
  expect(canonicalAddress(text)).toBe(address)
})
