import { expect, test } from 'vitest'
import { compilePlan } from '../../../src/plan/compile.ts'
import { predict } from '../../../src/predict/predict.ts'
import { paper } from '../../../src/report/paper.ts'
import { predictionLines } from '../../../src/report/prediction-lines.ts'
import { scenarioOf } from '../../helpers/scenario.ts'

function lines(yaml: string, width = 80): string {
  const scenario = scenarioOf(yaml)
  return predictionLines(predict(scenario, compilePlan(scenario)), paper({ color: false, width }, scenario)).join('\n')
}

const SCENARIO = `
upstreams: { up: { latency: 10ms } }
envoy:
  routes: [{ match: { prefix: / }, cluster: up, timeout: 1s, retry_policy: { retry_on: [5xx], num_retries: 2, per_try_timeout: 250ms } }]
load: { rate: 100/s }
phases:
  - { name: calm, for: 4s }
  - { name: brownout, for: 4s, faults: [{ cluster: up, delay: 400ms, percent: 1 }] }
  - { name: half of it, for: 4s, faults: [{ cluster: up, abort: 503, percent: 50 }] }
`

test('a line for each phase, and what is left open below it', () =>
  expect(lines(SCENARIO)).toMatchInlineSnapshot(`
    "BY ARITHMETIC  success       attempts   slowest
      calm         100%          1          ≤ 10ms
      brownout     99.9999%      1.01       ≤ 825ms
      half of it   50% to 87.5%  1 to 1.75  ≤ 85ms
        retries wanted at once, back-offs included: about 1.6;
        max_retries: 3 (the default) suppresses some 15% of them"
  `))

test('narrow terminals get what fits', () => {
  for (const line of lines(SCENARIO, 40).split('\n')) expect(line.length).toBeLessThanOrEqual(40)
})

test('what an app makes of a request is not guessed', () =>
  expect(
    lines('upstreams: { up: {} }\napp: { command: [node] }\nload: { rate: 10/s }\nphases: [{ name: all, for: 1s }]'),
  ).toMatchInlineSnapshot(`"nothing is predicted: what the app makes of a request is not known"`))
