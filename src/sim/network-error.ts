// What ends a simulated connection other than its owners, with the code that Node's sockets give. No answer to a call: a
// connection's owner hears it once, with `closed`.

export class NetworkError extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    // Connections fail by the hundred in a life, and where in the simulator is of no interest: taking down the stack of
    // each cost 1 % of a run.
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(`${code}: ${message}`)
    Error.stackTraceLimit = limit
    this.code = code
  }
}
