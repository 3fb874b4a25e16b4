import { defineConfig } from 'vitest/config'

/** Integration and e2e tests measure time with a real Envoy: one file at a time, and only after the unit tests. */
const alone = { fileParallelism: false, maxWorkers: 1 }

export default defineConfig({
  test: {
    maxWorkers: 2,
    globalSetup: 'test/helpers/envoy.ts',
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 30_000, sequence: { groupOrder: 0 } } },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          ...alone,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          ...alone,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
