// Under which incarnation a broker goes on, by what its directories say of the life before.

import { expect, test } from 'vitest'
import type { LastStop } from '../../../src/log/index.ts'
import { unansweredIncarnation } from '../../../src/main/directories.ts'

const A = 'aaaaaaaaaaaaaaaaaaaaaA'
const B = 'bbbbbbbbbbbbbbbbbbbbbA'

function stop(id: string | null, epoch = 7): LastStop {
  return { cleanShutdown: true, previousBrokerEpoch: epoch, unansweredIncarnation: id }
}

test('a life goes on as the one that never heard whether it was registered, if all directories tell of it', () => {
  expect(unansweredIncarnation([stop(A)])).toBe(A)
  expect(unansweredIncarnation([stop(A), stop(A, 5)])).toBe(A)
  expect(unansweredIncarnation([stop(null)])).toBeNull()
  expect(unansweredIncarnation([stop(A), stop(null)])).toBeNull()
  expect(unansweredIncarnation([stop(null), stop(A)])).toBeNull()
  expect(unansweredIncarnation([stop(A), stop(B)])).toBeNull()
})

test('not where a directory lost the word of its clean stop, or a log in it is damaged: that must be told', () => {
  expect(unansweredIncarnation([stop(A), stop(A, -1)])).toBeNull()
  expect(unansweredIncarnation([stop(A), { ...stop(null, -1), cleanShutdown: false }])).toBeNull()
})
