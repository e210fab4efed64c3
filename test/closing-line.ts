import type { Reporter, TestModule } from 'vitest/node'

/**
 * Ends a run with one plain line that any program can read: `tests: 12 passed, 0 failed`.
 * With TESTS=all, a test that was skipped (something it needs is missing) fails the run.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed' || state === 'failed') counts[state]++
        else {
          counts.skipped++
          if (process.env.TESTS === 'all')
            console.log(`could not run, something it needs is missing: ${module.moduleId} > ${test.fullName}`)
        }
      }
      if (module.state() === 'failed' && [...module.children.allTests('failed')].length === 0) counts.failed++
    }
    if (process.env.TESTS === 'all' && counts.skipped > 0) process.exitCode = 1
    console.log(`tests: ${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`)
  }
}
