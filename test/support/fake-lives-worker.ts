// A worker of `explore` whose lives are fakes.

import { serveLives } from '../../src/sim/index.ts'
import { fakeLife } from './fake-lives.ts'

serveLives(fakeLife)
