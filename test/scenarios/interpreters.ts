// The rooms that have text scenarios, by the first word of a scenario file.

import type { InterpreterTable } from './runner.ts'

export const interpreters: InterpreterTable = {
  groups: async () => (await import('./groups/interpreter.ts')).groupsInterpreter,
  controller: async () => (await import('./controller/interpreter.ts')).controllerInterpreter,
  partition: async () => (await import('./partition/interpreter.ts')).partitionInterpreter,
  replicas: async () => (await import('./replicas/interpreter.ts')).replicasInterpreter,
  raft: async () => (await import('./raft/interpreter.ts')).raftInterpreter,
}
