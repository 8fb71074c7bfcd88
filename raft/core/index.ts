// The metadata quorum's decisions: `step(state, event, now)` gives effects, `deadline(state)` the next tick. Pure; knows
// offsets, epochs and voters, no bytes, files or connections.

/** −1 while a leader has not committed in its own epoch. */
export { shownHighWatermark } from './leader.ts'
/** Epochs of the log. */
export { epochBefore } from './log-view.ts'
/** Roles as others may ask for them. */
export { leaderOf, votedFor } from './roles.ts'
/** The state from what a disk says, one event, the next deadline. */
export { deadline, start, step } from './step.ts'
export type * from './types.ts'
/** Voter sets as a function of the log. */
export { currentQuorum, currentVoters, endpointOf, quorumAt, voterById } from './voters.ts'
