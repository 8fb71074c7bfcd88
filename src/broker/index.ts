// The request side of a node: listeners, connections, backpressure, the API table and the handlers. It holds no protocol
// state, decides no leadership and never touches a disk.

/** `createBroker(options)`: one a node, for its broker and its controller listeners. */
export { createBroker } from './broker.ts'
/** Every bound of the request side; its file has the defaults and what reaching each of them means. */
export type { Limits } from './limits.ts'
/** The door's types. */
export type { Broker, Groups, InjectOptions, ServedListener } from './types.ts'
