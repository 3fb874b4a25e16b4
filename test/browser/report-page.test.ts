import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PageData } from '../../src/page/page-data.ts'
import { pageDataOf } from '../../src/page/page-data-of.ts'
import { renderPage } from '../../src/page/render-page.ts'
import { pageTemplate } from '../../src/page-template.ts'
import { toResults } from '../../src/report/results.ts'
import { openBrowser } from '../helpers/browser.ts'
import { newFolder } from '../helpers/run.ts'
import { failed } from '../unit/report/sample-run.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** What would show that a text was taken for markup. */
const HOSTILE = '</script><script>window.hacked = 1</script><img src=x onerror="window.hacked = 1"><!-- $1 $&'

const run = failed()
const data = pageDataOf(run, toResults(run))

let browser: Browser
let folder: string
beforeAll(async () => {
  browser = await openBrowser()
  folder = newFolder()
})
afterAll(() => browser?.close())

interface Look {
  width?: number
  dark?: boolean
}

/** The page of a run, and whatever it complained of or asked the network for. */
async function open(shown: PageData, { width = 1280, dark = false }: Look = {}): Promise<{ page: Page; trouble: string[] }> {
  const file = join(folder, `${Math.random()}.html`)
  writeFileSync(file, renderPage(pageTemplate(), shown).join(''))
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: dark ? 'dark' : 'light' })
  const trouble: string[] = []
  page.on('console', (message) => trouble.push(message.text()))
  page.on('pageerror', (error) => trouble.push(error.message))
  page.on('request', (request) => request.url() === `file://${file}` || trouble.push(`asked for ${request.url()}`))
  await page.goto(`file://${file}`)
  return { page, trouble }
}

/** What each canvas shows. */
const pictures = (page: Page) => page.evaluate<string[]>(`[...document.querySelectorAll('canvas')].map((canvas) => canvas.toDataURL())`)

const rail = (page: Page, name: string) => page.locator('.rail').getByRole('button', { name, exact: true })

test('every plot is drawn, and nothing is complained of or fetched', async () => {
  const { page, trouble } = await open(data)
  const shown = await page.evaluate<number[]>(`[...document.querySelectorAll('figure canvas')].map((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    const colours = new Set()
    for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 128) colours.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2])
    return colours.size
  })`)
  expect(shown).toHaveLength(await page.locator('figure').count())
  // Text and grid alone are greys of one family; a plot has its own colours, and their edges many shades.
  for (const colours of shown) expect(colours).toBeGreaterThan(20)
  expect(trouble).toEqual([])
})

test('a phase that is chosen is shown by all plots, and the whole run by all again', async () => {
  const { page } = await open(data)
  const before = await pictures(page)
  await rail(page, 'brownout').click()
  await expect.poll(async () => (await pictures(page)).filter((each, i) => each === before[i])).toEqual([])
  expect(await rail(page, 'brownout').getAttribute('aria-pressed')).toBe('true')
  await rail(page, 'whole run').click()
  await expect.poll(() => pictures(page)).toEqual(before)
})

test('the time under the pointer is told by all plots', async () => {
  const { page } = await open(data)
  const figures = page.locator('figure')
  await figures.nth(0).locator('canvas').scrollIntoViewIfNeeded()
  const box = await figures.nth(0).locator('canvas').boundingBox()
  const values = () => figures.nth(1).locator('.legend b').allTextContents()
  const before = await values()
  await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + 60)
  await expect.poll(() => page.locator('.now').textContent()).toContain('brownout: 10% delay 400ms on inventory')
  expect(await values()).not.toEqual(before)
})

test('a failed claim leads to its time and to its requests, by the keyboard alone', async () => {
  const { page } = await open(data)
  const claim = page.locator('.claim.failed').first()
  await claim.getByRole('button', { name: 'Show its time' }).focus()
  await page.keyboard.press('Enter')
  expect(await rail(page, 'brownout').getAttribute('aria-pressed')).toBe('true')
  const link = claim.getByRole('button', { name: /^Request / }).first()
  const id = (await link.textContent())?.replace('Request ', '')
  await link.focus()
  await page.keyboard.press('Enter')
  const sample = page.locator(`#request-${id}`)
  expect(await sample.getAttribute('open')).toBe('')
  await expect.poll(() => sample.locator('.waterfall .who').allTextContents()).toContain('client')
  expect(await page.evaluate(`document.activeElement.closest('details')?.id`)).toBe(`request-${id}`)
})

test('a moment of change is told in words where the pointer comes near it', async () => {
  const [first] = data.moments
  const { page } = await open(data)
  const canvas = page.locator('figure').first().locator('canvas')
  await canvas.scrollIntoViewIfNeeded()
  const box = await canvas.boundingBox()
  const share = (first?.at ?? 0) / (data.axis.count * data.axis.step)
  // The place of the axis in the canvas, as draw.ts lays it out.
  const [left, right] = [58, 14]
  await page.mouse.move((box?.x ?? 0) + left + share * ((box?.width ?? 0) - left - right), (box?.y ?? 0) + 60)
  await expect.poll(() => page.locator('.now').textContent()).toContain(first?.what)
})

test("Envoy's counters are explained, linked, and found by the keyboard alone, with their number told", async () => {
  const { page } = await open(data)
  const section = page.locator('section[aria-labelledby=stats]')
  const retries = section.getByRole('row', { name: 'cluster.inventory.upstream_rq_retry' })
  expect(await retries.locator('td').allTextContents()).toEqual(['3', '0', '3', '0'])
  expect(await retries.getByRole('link').getAttribute('href')).toMatch(/^https:\/\/www\.envoyproxy\.io\/docs\/envoy\/v1\.40\.0\//)
  await section.locator('summary').focus()
  await page.keyboard.press('Enter')
  // The inside is made after the key, in a task of its own.
  await section.getByRole('searchbox').waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.type('STUB total')
  await expect.poll(() => section.getByRole('status').textContent()).toBe(`1 of ${data.stats.length}`)
  expect(await section.locator('details tbody th').allTextContents()).toEqual(['cluster.stub/inventory/1.upstream_rq_total'])
  await page.keyboard.type(' nothing')
  await expect.poll(() => section.getByRole('status').textContent()).toBe(`0 of ${data.stats.length}`)
})

test('hostile texts in every field stay text', async () => {
  const { page, trouble } = await open(hostile(data))
  for (const button of await page.locator('summary').all()) await button.click()
  expect(await page.evaluate(`document.querySelectorAll('img, main script').length`)).toBe(0)
  expect(await page.evaluate('window.hacked')).toBeUndefined()
  expect(await page.locator('h1').textContent()).toContain(HOSTILE)
  expect(trouble).toEqual([])
})

describe.each([
  { width: 1280, dark: false },
  { width: 390, dark: true },
  { width: 390, dark: false },
  { width: 1280, dark: true },
])('at $width px, dark: $dark', (look) => {
  test('axe finds nothing serious, contrast included, and nothing is wider than the page', async () => {
    const { page } = await open({ ...data, happened: ['max_requests of inventory refused 12 requests.'], warnings: ['a warning'] }, look)
    for (const button of [...(await page.locator('.sample summary').all()).slice(0, 2), page.locator('.counters summary')])
      await button.click()
    await page.evaluate(AXE)
    const { violations } = await page.evaluate<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }>('axe.run()')
    const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    expect(grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(look.width)
  })
})

test('the theme is that of the system until the reader chooses', async () => {
  const { page } = await open(data, { dark: true })
  const theme = () => page.evaluate('document.documentElement.dataset.theme')
  expect(await theme()).toBe('dark')
  await page.getByRole('button', { name: 'Show in light colours' }).click()
  expect(await theme()).toBe('light')
})

/** The same with every text hostile, but for those that the page chooses by. */
function hostile<T>(value: T, key = ''): T {
  if (typeof value === 'string') return (['status', 'of', 'kind', 'noun', 'id', 'phase'].includes(key) ? value : `${value}${HOSTILE}`) as T
  if (Array.isArray(value)) return value.map((each) => hostile(each)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, hostile(each, name)])) as T
}
