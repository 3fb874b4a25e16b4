import { defineConfig } from 'vitest/config'

/** A folder of tests. The folders come one after the other. */
const part = (name: string, groupOrder: number) => ({ name, include: [`test/${name}/**/*.test.ts`], sequence: { groupOrder } })

/** They measure time with a real Envoy: one file at a time. */
const withEnvoy = { fileParallelism: false, maxWorkers: 1, testTimeout: 60_000, hookTimeout: 60_000 }

export default defineConfig({
  test: {
    maxWorkers: 2,
    // Of the tests of one file that are `concurrent`: each starts a run, which takes a part of a core.
    maxConcurrency: 2,
    globalSetup: 'test/helpers/envoy.ts',
    projects: [
      { extends: true, test: { ...part('unit', 0), testTimeout: 30_000 } },
      { extends: true, test: { ...part('integration', 1), ...withEnvoy } },
      { extends: true, test: { ...part('e2e', 2), ...withEnvoy } },
      { extends: true, test: { ...part('browser', 3), ...withEnvoy } },
      { extends: true, test: { ...part('scenarios', 4), ...withEnvoy } },
    ],
  },
})
