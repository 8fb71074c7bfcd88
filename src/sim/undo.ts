// What ends a fault that lasts. Each fault has its own, so that two that overlap are two.

/** Ends one fault; a second call does nothing. */
export type Undo = () => void

export function once(undo: () => void): Undo {
  let done = false
  return () => {
    if (!done) undo()
    done = true
  }
}
