// The logger of a library that was given none: nothing is printed.

import type { Logger } from '../base/index.ts'

export const quiet: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => quiet,
}
