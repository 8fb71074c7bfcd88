// Two workers, since the tests run on two cores beside real brokers; every file in a process of its own, since the
// simulator fences globals. Real processes and other people's programs (test/interop) are run by scripts of their own.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globals: false,
    pool: 'forks',
    maxWorkers: 2,
    include: ['test/**/*.test.ts'],
    exclude: ['test/interop/**'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    teardownTimeout: 5_000,
  },
})
