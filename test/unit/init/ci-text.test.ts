import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { ciSystemOf, ciText } from '../../../src/init/ci-text.ts'

const JOB = { run: ['run', 'chaos.yaml'], folder: '.', docker: false }

test.each([
  ['.github/workflows/chaos.yml', 'GitHub'],
  ['/shop/.github/workflows/a.yaml', 'GitHub'],
  ['.gitlab-ci.yml', 'GitLab'],
  ['ci/chaos.gitlab-ci.yml', 'GitLab'],
  ['.github/chaos.yml', undefined],
  ['notgitlab-ci.yml', undefined],
  ['chaos.yml', undefined],
])('%s is of %s', (file, system) => {
  expect(ciSystemOf(file)).toBe(system)
})

/** The commands of a job, in order. */
const commands = (system: 'GitHub' | 'GitLab', job: Parameters<typeof ciText>[1]): string[] => {
  const { jobs, chaos } = parse(ciText(system, job))
  return chaos?.script ?? jobs.chaos.steps.flatMap(({ run }: { run?: string }) => run ?? [])
}

test.each(['GitHub', 'GitLab'] as const)(
  'the job of %s installs what the project says, runs the scenario and keeps its results',
  (system) => {
    const script = commands(system, JOB)
    expect(script.slice(-2)).toEqual(['npm ci', 'npx --no -- chaos run chaos.yaml --out chaos-results'])
    expect(ciText(system, JOB)).toContain('chaos-results')
    expect(ciText(system, JOB).split('\n').length).toBeLessThan(22)
  },
)

test('GitLab shows the results as tests', () => {
  expect(parse(ciText('GitLab', JOB)).chaos.artifacts.reports).toEqual({ junit: 'chaos-results/junit.xml' })
})

test('in a folder of the repository all is done there', () => {
  const job = { ...JOB, folder: 'services/my shop' }
  expect(parse(ciText('GitHub', job)).jobs.chaos.defaults.run).toEqual({ 'working-directory': 'services/my shop' })
  expect(commands('GitLab', job)[0]).toBe("cd 'services/my shop'")
  expect(parse(ciText('GitLab', job)).chaos.artifacts.paths).toEqual(['services/my shop/chaos-results'])
})

test('where a container is needed, the runner has to have Docker, and Envoy is not fetched', () => {
  const job = { ...JOB, docker: true }
  expect(ciText('GitHub', job)).not.toContain('cache')
  expect(parse(ciText('GitLab', job)).chaos).toMatchObject({ tags: ['shell'] })
  expect(commands('GitLab', job)).toEqual(['npm ci', 'npx --no -- chaos run chaos.yaml --out chaos-results'])
})

test.each(["a'b.yaml", 'a: b #c.yaml', '$(rm -rf x).yaml', '"quoted".yaml', '- a.yaml'])(
  'a file called %s is one word of the command',
  (file) => {
    for (const system of ['GitHub', 'GitLab'] as const)
      expect(commands(system, { ...JOB, run: ['run', file] }).at(-1)).toBe(
        `npx --no -- chaos run '${file.replaceAll("'", `'\\''`)}' --out chaos-results`,
      )
  },
)

test('what GitHub would replace in a name stays as it is', () => {
  const file = `${'$'}{{ github.token }}.yaml`
  // The expression yields its own beginning, and the rest is not looked at again.
  expect(commands('GitHub', { ...JOB, run: ['run', file] }).at(-1)).toContain(`'${'$'}{{ '${'$'}{{' }} github.token }}.yaml'`)
})
