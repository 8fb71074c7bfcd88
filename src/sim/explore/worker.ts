// The worker process of an exploration: the simulator's own lives.

import * as sim from '../index.ts'
import type { RunLife } from '../life/types.ts'

const { runLife } = sim as { readonly runLife?: RunLife }
if (runLife === undefined) throw new Error('the simulator exports no runLife')
sim.serveLives(runLife)
