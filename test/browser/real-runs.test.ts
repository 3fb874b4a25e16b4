import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowser } from '../helpers/browser.ts'
import { chaos, judged, newFolder, ROOT, writeScenario } from '../helpers/run.ts'

/** Pictures to be looked at by people; they are kept. */
const PICTURES = join(ROOT, 'test-output')
const LOOKS = [1280, 390].flatMap((width) => (['light', 'dark'] as const).map((colorScheme) => [width, colorScheme] as const))

let browser: Browser
beforeAll(async () => {
  browser = await openBrowser()
  mkdirSync(PICTURES, { recursive: true })
})
afterAll(() => browser?.close())

/** A closed loop with a slow upstream makes some 10 requests, which decide nothing about 99.9 %. */
const undecided = () =>
  writeScenario(newFolder(), {
    name: 'undecided',
    rate: null,
    load: ['connections: 1'],
    latency: '100ms',
    expect: ['{ phase: only, success_rate: ">= 99.9%" }'],
  })

test.each([
  { name: 'passing', file: () => join(ROOT, 'scenarios/retry-storm-budget.yaml'), code: 0, badge: 'PASS' },
  { name: 'failing', file: () => join(ROOT, 'scenarios/broken/retry-storm-budget.yaml'), code: 1, badge: 'FAIL' },
  { name: 'inconclusive', file: undecided, code: 4, badge: 'INCONCLUSIVE' },
])('the page of one that is $name shows its verdict and draws its plots', async ({ name, file, code, badge }) => {
  const folder = newFolder()
  const args = ['run', file(), '--quiet', '--out', join(folder, 'out')]
  expect(await (code === 4 ? chaos(args) : judged(args))).toMatchObject({ code })
  for (const [width, colorScheme] of LOOKS) {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
    const trouble: string[] = []
    page.on('console', (message) => trouble.push(message.text()))
    page.on('pageerror', (error) => trouble.push(error.message))
    await page.goto(`file://${folder}/out/report.html`)
    expect(await page.locator('header .badge').textContent()).toBe(badge)
    expect(await page.locator('figure canvas').count()).toBeGreaterThan(4)
    expect(trouble).toEqual([])
    await page.screenshot({ path: join(PICTURES, `${name}-${width}-${colorScheme}.png`), fullPage: true })
    await page.close()
  }
})
