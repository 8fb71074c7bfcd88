// A broker's own life: registering, fenced, running, leaving. Pure.

/** The state and its transitions. */
export { deadline, newMembership, step, transitions } from './step.ts'
export type * from './types.ts'
