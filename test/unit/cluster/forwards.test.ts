// Which connections of forwarders are superseded: by the next one of the same process, in any order of arrival, and by the
// controller's next epoch.

import { describe, expect, it } from 'vitest'
import { Forwards, forwardingSoftware } from '../../../cluster/driver/forwards.ts'
import type { Uuid } from '../../../src/base/index.ts'

function uuidFrom(n: number): Uuid {
  return Buffer.from(n.toString(16).padStart(32, '0'), 'hex').toString('base64url')
}

const ONE = uuidFrom(1)
const OTHER = uuidFrom(2)

describe('connections for forwarding', () => {
  it('are superseded by the next one of the same process, and by nobody else', () => {
    const forwards = new Forwards()
    const [first, second, others] = [{}, {}, {}]
    forwards.opened(first, forwardingSoftware(ONE, 1), 7)
    forwards.opened(others, forwardingSoftware(OTHER, 9), 7)
    expect(forwards.isSuperseded(first, 7)).toBe(false)
    forwards.opened(second, forwardingSoftware(ONE, 2), 7)
    expect([first, second, others].map((each) => forwards.isSuperseded(each, 7))).toEqual([true, false, false])
  })

  it('are superseded also where the earlier one arrives last', () => {
    const forwards = new Forwards()
    const [first, tenth, twelfth] = [{}, {}, {}]
    forwards.opened(twelfth, forwardingSoftware(ONE, 12), 7)
    forwards.opened(tenth, forwardingSoftware(ONE, 10), 7)
    forwards.opened(first, forwardingSoftware(ONE, 1), 7)
    expect([first, tenth, twelfth].map((each) => forwards.isSuperseded(each, 7))).toEqual([true, true, false])
  })

  it('end with the epoch of the controller that they were opened to', () => {
    const forwards = new Forwards()
    const before = {}
    forwards.opened(before, forwardingSoftware(ONE, 1), 7)
    expect(forwards.isSuperseded(before, 9)).toBe(true)
  })

  it('are those that say so: clients of the controller are never superseded', () => {
    const forwards = new Forwards()
    const admin = {}
    forwards.opened(admin, { clientSoftwareName: 'apache-kafka-java', clientSoftwareVersion: '4.3.1' }, 7)
    forwards.opened({}, { clientSoftwareName: 'odradek-forwarder', clientSoftwareVersion: '0.1.0' }, 7)
    expect(forwards.isSuperseded(admin, 9)).toBe(false)
  })

  it('of the newest processes only are known', () => {
    const forwards = new Forwards()
    const first = {}
    forwards.opened(first, forwardingSoftware(uuidFrom(0), 1), 7)
    for (let i = 1; i <= 1_000; i++) forwards.opened({}, forwardingSoftware(uuidFrom(i), 1), 7)
    forwards.opened({}, forwardingSoftware(uuidFrom(0), 2), 7)
    expect(forwards.isSuperseded(first, 7)).toBe(false)
  })
})
