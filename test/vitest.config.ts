import { defineConfig } from 'vitest/config'

const lab = ['test/lab/**/*.test.ts', 'test/e2e/**/*.test.ts']
/** Tests that need root or servers of their own, but no lab. */
const machine = ['test/host/**/*.test.ts', 'test/resources/**/*.test.ts', 'test/**/*-real.test.ts']

/** Real clocks, real packets: in CI, on a machine that others may load, one more try; never where a person looks. */
const retry = process.env.CI === 'true' ? 1 : 0

export default defineConfig({
  test: {
    reporters: ['default', './test/closing-line.ts'],
    // Two cores: a lab test's own processes are the load, more workers only make them slower.
    globalSetup: './test/build.ts',
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...lab, ...machine],
          testTimeout: 20_000,
          retry,
        },
      },
      { test: { name: 'machine', include: machine, testTimeout: 60_000, hookTimeout: 60_000, retry } },
      { test: { name: 'lab', include: lab, testTimeout: 120_000, hookTimeout: 120_000, retry } },
    ],
  },
})
