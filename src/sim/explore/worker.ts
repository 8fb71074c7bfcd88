// The worker process of an exploration: the simulator's own lives.

import { runLife } from '../life/run.ts'
import { serveLives } from './serve.ts'

serveLives(runLife)
