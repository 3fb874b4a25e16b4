import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowser } from '../helpers/browser.ts'
import { MACHINE_LAG_MS, newFolder, ROOT, type Started, start, until, writeScenario } from '../helpers/run.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const PICTURES = join(ROOT, 'test-output')
/** It is told twice a second, by a machine that is busy with the run. */
const SOON = { timeout: MACHINE_LAG_MS }
const HOSTILE = '</script><script>window.hacked = 1</script><img src=x onerror="window.hacked = 1">'

let browser: Browser
beforeAll(async () => {
  browser = await openBrowser()
  mkdirSync(PICTURES, { recursive: true })
})
afterAll(() => browser?.close())

function begin(seconds: number): Started {
  const folder = newFolder()
  const file = writeScenario(folder, {
    seconds,
    rate: 200,
    faults: ['{ cluster: shop, abort: 503, percent: 50 }'],
    expect: ['{ phase: only, success_rate: ">= 99%" }'],
  })
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(/^name: .*/m, () => `name: '${HOSTILE}'`),
  )
  return start(['run', file, '--out', join(folder, 'out'), '--ui'])
}

async function open(run: Started, width = 1280, colorScheme: 'light' | 'dark' = 'light'): Promise<{ page: Page; trouble: string[] }> {
  const url = () => /the run as a page: (http:\/\/127\.0\.0\.1:\d+\/)\n/.exec(run.stderr())?.[1]
  await until('the address is told', () => url() !== undefined)
  await until('Envoy is up', () => run.stderr().includes('phase 1/'))
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
  const trouble: string[] = []
  page.on('console', (message) => trouble.push(message.text()))
  page.on('pageerror', (error) => trouble.push(error.message))
  page.on('request', (request) => request.url().startsWith(url() as string) || trouble.push(`asked for ${request.url()}`))
  await page.goto(url() as string)
  await page.locator('figure canvas').first().waitFor()
  return { page, trouble }
}

const tile = async (page: Page, name: string) =>
  (await page.locator('.tiles div', { hasText: name }).first().locator('dd').textContent()) ?? ''
const sent = async (page: Page) => Number((await tile(page, 'sent')).replace(/\D/g, ''))
const picture = (page: Page) => page.evaluate<string>(`document.querySelector('figure canvas').toDataURL()`)

test('the page of a run rises with it, draws its plots, and becomes the report with the verdict by itself', async () => {
  const run = begin(8)
  const { page, trouble } = await open(run)
  const before = { sent: await sent(page), picture: await picture(page) }
  await expect.poll(() => sent(page), SOON).toBeGreaterThan(before.sent)
  await expect.poll(() => picture(page), SOON).not.toBe(before.picture)
  await expect.poll(() => page.locator('figure h3').allTextContents(), SOON).toContain('Failures by cause')
  expect(await page.locator('.faults-on').textContent()).toBe('Faults on: 50% abort 503 on shop')
  expect(await page.locator('h1').textContent()).toBe(HOSTILE)
  await page.locator('header .badge.fail').waitFor({ timeout: 20_000 })
  expect(await page.locator('.claim.failed').count()).toBe(1)
  expect(await page.locator('h1').textContent()).toBe(HOSTILE)
  expect(await page.evaluate('window.hacked')).toBeUndefined()
  expect((await run.finished).code).toBe(1)
  expect(trouble).toEqual([])
})

test('a theme that is changed again and again leaves one canvas a plot, and the zoom outlives what comes', async () => {
  const run = begin(15)
  const { page, trouble } = await open(run)
  await expect.poll(() => page.locator('figure h3').allTextContents(), SOON).toContain('Failures by cause')
  await page.locator('.rail').getByRole('button', { name: 'only', exact: true }).click()
  for (let i = 0; i < 6; i++) await page.getByRole('button', { name: /^Show in/ }).click()
  const now = await sent(page)
  await expect.poll(() => sent(page), SOON).toBeGreaterThan(now)
  expect(await page.locator('figure canvas').count()).toBe(await page.locator('figure').count())
  expect(await page.locator('.rail').getByRole('button', { name: 'only', exact: true }).getAttribute('aria-pressed')).toBe('true')
  expect(trouble).toEqual([])
  process.kill(run.pid, 'SIGKILL')
  await run.finished
  await expect.poll(() => page.locator('.lost').textContent(), SOON).toContain('Nothing is heard of the run any more')
})

test.each([
  [1280, 'light'],
  [390, 'dark'],
  [390, 'light'],
  [1280, 'dark'],
] as const)('at %i px, %s: axe finds nothing serious while it goes on, and nothing is wider than the page', async (width, colorScheme) => {
  const run = begin(15)
  const { page } = await open(run, width, colorScheme)
  await expect.poll(() => page.locator('figure h3').allTextContents(), SOON).toContain('Failures by cause')
  await expect.poll(() => sent(page), SOON).toBeGreaterThan(400)
  await page.screenshot({ path: join(PICTURES, `live-${width}-${colorScheme}.png`), fullPage: true })
  await page.evaluate(AXE)
  const { violations } = await page.evaluate<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }>('axe.run()')
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  expect(grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
  process.kill(run.pid, 'SIGKILL')
})
