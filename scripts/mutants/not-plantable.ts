// Bugs of the list that our code cannot have in that form, or that change nothing here, each with the reason.

import type { NotPlantable } from './types.ts'

export const notPlantable: readonly NotPlantable[] = [
  {
    source: 'S7 Kip320FirstTry',
    title: 'A high watermark learned on an old epoch',
    reason:
      'A leader refuses other epochs and a follower drops answers to questions of another one; with both guards gone it is `zombie-fetch`.',
  },
  {
    source: 'S9 KAFKA-9491',
    title: 'A log begun anew leaves the high watermark behind',
    reason:
      'The log raises its own, and the answer that comes next raises the partition’s: nobody can be shown the gap.',
  },
  {
    source: 'S12 KAFKA-13207, S13 KAFKA-13266',
    title: 'A truncation or an append for a fetcher that no longer owns the log',
    reason:
      'One writer a partition: a fetcher’s work is bracketed by the replica, and no role writes before it has left the log.',
  },
  {
    source: 'S24 KAFKA-13091',
    title: 'No new high watermark after a committed shrink',
    reason:
      'The metadata of the same change computes it, too, and so does every fetch: it is late by milliseconds at most.',
  },
  {
    source: 'S26 KAFKA-14154',
    title: 'A controller that lags behind tells a leader with a newer epoch that it is fenced',
    reason:
      'A controller acts when it has applied what was committed before its epoch, and a leader asks the controller of the quorum epoch that it follows: it cannot be ahead of it.',
  },
  {
    source: 'S28 KAFKA-10301',
    title: 'A high watermark computed while the replica map is refilled',
    reason: 'The step is synchronous: nothing can look between clearing and filling.',
  },
  {
    source: 'S56, S62, S66; issue: voter set kept after truncation',
    title: 'Changes of the voter set that go wrong',
    reason: 'None is served yet: a quorum’s voters are written once, by its first leader. They come with those APIs.',
  },
  {
    source: 'S30 KIP-966',
    title: 'A replica that is taken away and given back in one step is counted as if it still had its log',
    reason:
      'A leader knows its followers by the images that it has applied, and a step that takes away and gives back is one image: only a broker that skips images by a snapshot sees it, which test/sim/reassignment.test.ts plays.',
  },
  {
    source: 'S40 KAFKA-16234',
    title: 'A replica whose directory is gone is created empty in another one',
    reason:
      'Nodes of the simulated world have one log directory each, and one that lost it registers as unclean: nobody counts on it any more. A hole of the world, not of the code (test/unit/replication has the rule).',
  },
  {
    source: 'S50 KAFKA-12460',
    title: 'A divergence answer below the high watermark is obeyed',
    reason: 'It asserts what no correct leader asks for: only a second bug could show that it is gone.',
  },
  {
    source: 'S70 KAFKA-9892',
    title: 'Producer snapshots closed without fsync',
    reason: 'They carry a checksum and are derived: a bad one is passed over for the one before and the log.',
  },
  {
    source: 'Issue: index trusted after a torn tail',
    title: 'Index entries that point behind the end of a torn log',
    reason:
      'Recovery builds the indexes of what it verifies anew and the others are complete before their segment counts as durable; the neighbour `index-beyond-the-truncation` is planted instead.',
  },
  {
    source: 'KAFKA-7415 family',
    title: 'A truncation keeps the epochs that began in what was cut',
    reason:
      'The leader tells of them with the next fetch, and the truncation to the end that follows takes them away (S10).',
  },
]
