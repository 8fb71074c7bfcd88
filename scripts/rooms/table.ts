// The house as data: its rooms, what each may import, and the names that are banned in them. ARCHITECTURE.md is the same
// picture for people; a change here is a change there.

/** pure: decides, synchronously. shell: acts, through the six ports. world: bodies of the ports, and the assembly. */
export type RoomKind = 'pure' | 'shell' | 'world'

export interface Room {
  readonly kind: RoomKind
  /** Rooms whose door may be imported; '*' is every room but `scripts` and `test`. */
  readonly may: readonly string[]
  /** Rooms of which only types may be imported. */
  readonly mayTypes?: readonly string[]
  /** Values that may be taken from a room of `mayTypes`, by name. */
  readonly mayNames?: Readonly<Record<string, readonly string[]>>
  /** A world whose time and chance are its own: the real ones are banned there too, but for these paths in it. */
  readonly virtual?: { readonly but: readonly string[] }
  /** npm packages. */
  readonly packages?: readonly string[]
}

const DRIVERS: readonly string[] = ['raft/driver', 'cluster/driver', 'replication/driver']
const PURE_COORDINATORS: readonly string[] = ['src/groups', 'src/transactions']

export const ROOMS: Readonly<Record<string, Room>> = {
  'src/base': { kind: 'pure', may: [] },
  'src/config': { kind: 'pure', may: ['src/base'], mayTypes: ['src/log'] },
  'src/wire': { kind: 'pure', may: ['src/base'], packages: ['@node-rs/crc32'] },
  'src/groups': {
    kind: 'pure',
    may: ['src/base'],
    mayTypes: ['src/wire'],
    // It decides by name; the messages that it fills in carry codes. What consumers subscribe to is in their metadata.
    mayNames: { 'src/wire': ['ConsumerProtocolSubscription', 'decode', 'errorCode'] },
  },
  'src/transactions': { kind: 'pure', may: ['src/base'], mayTypes: ['src/wire'] },
  'src/security': { kind: 'pure', may: ['src/base'], mayTypes: ['src/wire'] },
  'src/quotas': { kind: 'pure', may: ['src/base'] },
  'src/log': { kind: 'shell', may: ['src/base', 'src/config', 'src/wire'] },
  'src/state': { kind: 'shell', may: ['src/base'], packages: ['msgpackr'] },
  'src/rpc': { kind: 'shell', may: ['src/base', 'src/wire'] },
  'src/client': { kind: 'shell', may: ['src/base', 'src/wire', 'src/rpc'] },
  'src/coordinator': { kind: 'shell', may: ['src/base', 'src/wire', 'src/state', ...PURE_COORDINATORS] },
  'src/broker': {
    kind: 'shell',
    may: ['src/base', 'src/wire', 'src/config', 'src/security', 'src/quotas', 'src/coordinator', ...DRIVERS],
    mayTypes: ['cluster/metadata', 'src/groups'],
    // Which partition of the internal topic a request goes to.
    mayNames: { 'src/groups': ['partitionFor'] },
  },
  'src/io': { kind: 'world', may: ['src/base'], packages: ['level', 'lz4-napi', 'snappy'] },
  'src/check': { kind: 'pure', may: ['src/base'] },
  // io: for its bounded decoders, which the simulated offload runs synchronously.
  // wire: to read what the nodes write and say, as a checker. fast-check: to shrink. msgpackr: traces.
  'src/sim': {
    kind: 'world',
    may: ['src/base', 'src/client', 'src/check', 'src/main', 'src/config', 'src/io', 'src/rpc', 'src/wire'],
    // guard: it holds what it fences off. explore: it runs around simulations, in real time, in worker processes.
    virtual: { but: ['src/sim/guard.ts', 'src/sim/explore/'] },
    packages: ['fast-check', 'msgpackr'],
  },
  'src/chaos': {
    kind: 'world',
    may: ['src/base', 'src/client', 'src/check', 'src/launcher', 'src/main', 'src/io', 'src/sim'],
    packages: ['toxiproxy-node-client', 'msgpackr'],
  },
  'src/http': { kind: 'world', may: ['src/base', 'src/state', 'src/client', 'src/broker', ...DRIVERS] },
  'src/cli': { kind: 'world', may: ['*'], packages: ['yargs', 'pino'] },
  'src/main': {
    kind: 'world',
    may: [
      'src/base',
      'src/config',
      'src/wire',
      ...PURE_COORDINATORS,
      'src/security',
      'src/log',
      'src/state',
      'src/rpc',
      'src/client',
      'src/coordinator',
      'src/broker',
      'src/io',
      'src/http',
      'raft/core',
      'raft/storage',
      'replication/partition',
      'replication/fetching',
      'cluster/metadata',
      'cluster/controller',
      'cluster/membership',
      ...DRIVERS,
    ],
    packages: ['pino'],
  },
  'src/launcher': {
    kind: 'world',
    may: ['src/base', 'src/config', 'src/io', 'src/main'],
    packages: ['msgpackr', 'pino'],
  },
  'raft/core': { kind: 'pure', may: ['src/base'] },
  'raft/storage': { kind: 'shell', may: ['src/base', 'src/log'], mayTypes: ['raft/core'] },
  'raft/driver': { kind: 'shell', may: ['src/base', 'src/wire', 'src/rpc', 'raft/core', 'raft/storage'] },
  'replication/partition': { kind: 'pure', may: ['src/base'] },
  'replication/fetching': { kind: 'pure', may: ['src/base'], mayTypes: ['replication/partition'] },
  'replication/driver': {
    kind: 'shell',
    // wire: whoever sends by rpc names the request by its entry in wire's table.
    may: ['src/base', 'src/wire', 'src/rpc', 'src/log', 'replication/partition', 'replication/fetching'],
    mayTypes: ['cluster/metadata'],
  },
  'cluster/metadata': { kind: 'pure', may: ['src/base', 'src/wire'] },
  'cluster/controller': {
    kind: 'pure',
    may: ['src/base', 'src/config', 'cluster/metadata'],
    mayTypes: ['src/wire'],
    // It decides by name; the messages that it fills in carry codes.
    mayNames: { 'src/wire': ['errorCode', 'errorName'] },
  },
  'cluster/membership': { kind: 'pure', may: ['src/base'] },
  'cluster/driver': {
    kind: 'shell',
    may: [
      'src/base',
      'src/wire',
      'src/rpc',
      'src/quotas',
      'raft/driver',
      'cluster/metadata',
      'cluster/controller',
      'cluster/membership',
    ],
    mayTypes: ['src/config'],
  },
}

/** Folders that are rooms' neighbourhoods: every source file below them belongs to a room of the table. */
export const NEIGHBOURHOODS: readonly string[] = ['src', 'raft', 'replication', 'cluster']

export interface BannedName {
  readonly pattern: RegExp
  readonly name: string
  readonly kinds: readonly RoomKind[]
  /** Also in a world whose time and chance are its own. */
  readonly virtual: boolean
  readonly remedy: string
}

const ACTING: readonly RoomKind[] = ['pure', 'shell']
const CLOCK = 'take time from the Clock port (pure rooms: from the `now` of the step)'
const TIMER = 'set an alarm of the Clock port, or use Timers of src/base (pure rooms: keep a deadline in the state)'
const CHANCE = 'draw from the Random port'
const HOST = 'library code leaves the process to its host: hand it in through configuration, logger or main'

function word(names: string, name: string, remedy: string, kinds: readonly RoomKind[] = ACTING): BannedName {
  const virtual = remedy === CLOCK || remedy === TIMER || remedy === CHANCE
  return { pattern: new RegExp(`(?<![\\w$#])(?:${names})(?![\\w$])`, 'g'), name, kinds, virtual, remedy }
}

export const BANNED_NAMES: readonly BannedName[] = [
  word('Date\\s*\\.\\s*now', 'Date.now', CLOCK),
  {
    pattern: /\bnew\s+Date\s*(?:\(\s*\)|(?![\s(\w.]))/g,
    name: 'new Date()',
    kinds: ACTING,
    virtual: true,
    remedy: CLOCK,
  },
  word('performance', 'performance', CLOCK),
  word('hrtime', 'hrtime', CLOCK),
  word('setTimeout|setInterval|setImmediate', 'a timer', TIMER),
  word('nextTick|queueMicrotask', 'nextTick or queueMicrotask', TIMER),
  word('Math\\s*\\.\\s*random', 'Math.random', CHANCE),
  word('getRandomValues|randomBytes|randomFill|randomFillSync|randomInt|randomUUID', "crypto's randomness", CHANCE),
  word('AbortSignal\\s*\\.\\s*timeout', 'AbortSignal.timeout', TIMER),
  word('WeakRef|FinalizationRegistry', 'what the garbage collector decides', 'end the life of a thing by a call'),
  word('localeCompare|Intl|toLocale\\w+', 'what the locale decides', 'compare code units or bytes; format by hand'),
  word('MessageChannel|BroadcastChannel', 'channels of the runtime', 'use the Offload port'),
  word('process\\s*\\.\\s*(?:exit|on|once|env|kill|stdout|stderr|cwd|argv)', 'process', HOST),
  word('console', 'console', HOST),
  word('await|async', 'await or async', 'a pure room is synchronous: return an effect and let the shell do it', [
    'pure',
  ]),
  word('Promise', 'Promise', 'a pure room is synchronous: return an effect and let the shell do it', ['pure']),
]

/** Built-in modules that rooms outside the world may import; of node:zlib only what is synchronous. */
export const ALLOWED_BUILTINS: readonly string[] = ['node:buffer', 'node:crypto', 'node:util', 'node:zlib']
/** What of node:zlib touches no thread pool. */
export const SYNCHRONOUS_ZLIB: RegExp = /^(?:\w+Sync|crc32|constants|\w*Options)$/

export interface Exemption {
  readonly file: string
  /** A `name` of BANNED_NAMES, or a built-in module. */
  readonly names: readonly string[]
  readonly reason: string
}

/** Each must be needed: one that covers nothing is reported. */
export const EXEMPTIONS: readonly Exemption[] = [
  { file: 'src/base/ports.ts', names: ['Promise'], reason: 'the ports are promised; base only declares them' },
  { file: 'src/base/timers.ts', names: ['Promise'], reason: '`delay` is for the shells, over the Clock port' },
  {
    file: 'src/wire/crc32c.ts',
    names: ['node:module'],
    reason: 'the native checksum is optional, and only a synchronous require can find that out',
  },
  {
    file: 'src/wire/compression.ts',
    names: ['await or async', 'Promise'],
    reason: 'compression leaves the loop by the Offload port; Kafka framing of it stays in wire',
  },
]
