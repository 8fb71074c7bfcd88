// The vocabulary that every room speaks: numbers with names, the port interfaces, errors, and a few small tools.
// Imports nothing and knows none of Kafka's messages.

export * from './address.ts'
export * from './brands.ts'
export * from './errors.ts'
export * from './heap.ts'
export type * from './ports.ts'
export * from './random.ts'
export * from './timers.ts'
export * from './uuid.ts'
export * from './waiters.ts'
