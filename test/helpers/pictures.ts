import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { openBrowser } from './browser.ts'

/**
 * The pictures of the README: of the page of a retry storm and of its contained twin, real ones. After a change of the page:
 *
 *     ./chaos exec node test/helpers/pictures.ts
 */
const ROOT = resolve(import.meta.dirname, '../..')
const PICTURES = join(ROOT, '.github/pictures')
const RUNS = [
  { name: 'storm', file: 'scenarios/broken/retry-storm-budget.yaml', code: 1 },
  { name: 'contained', file: 'scenarios/retry-storm-budget.yaml', code: 0 },
]
/** The whole page is too long for a README, where two stand side by side. */
const PLOTS = ['Offered and served', 'Attempts towards the upstreams', 'Retries in flight']
const MOST_RUNS = 4

const folder = mkdtempSync(join(tmpdir(), 'chaos-pictures-'))
const browser = await openBrowser()
try {
  mkdirSync(PICTURES, { recursive: true })
  for (const { name, file, code } of RUNS) {
    const out = join(folder, name)
    runFor(code, file, out)
    for (const colorScheme of ['light', 'dark'] as const) await take(`file://${out}/report.html`, name, colorScheme)
  }
} finally {
  await browser.close()
  rmSync(folder, { recursive: true, force: true })
}

/** Runs it until each claim has the verdict that the picture is to show: a busy machine leaves some without one. */
function runFor(code: number, file: string, out: string): void {
  for (let left = MOST_RUNS; left > 0; left--) {
    const { status } = spawnSync(join(ROOT, 'chaos'), ['run', file, '--quiet', '--out', out], { cwd: ROOT, stdio: 'ignore' })
    const { outcomes } = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as { outcomes: { status: string }[] }
    if (status === code && outcomes.every((outcome) => outcome.status !== 'inconclusive')) return
  }
  throw new Error(`${file} did not end with exit code ${code} and all claims decided in ${MOST_RUNS} runs`)
}

async function take(address: string, name: string, colorScheme: 'light' | 'dark'): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 560, height: 1300 }, colorScheme })
  await page.goto(address)
  const titles = JSON.stringify(PLOTS)
  await page.evaluate(`
    for (const section of document.querySelectorAll('main > section:not([aria-labelledby=plots])')) section.remove()
    for (const figure of document.querySelectorAll('figure')) if (!${titles}.includes(figure.querySelector('h3').textContent)) figure.remove()
    for (const other of document.querySelectorAll('#plots ~ :not(figure), .top button, header > p.soft')) other.remove()
    document.querySelector('main').style.paddingBottom = '8px'`)
  await page.locator('main').screenshot({ path: join(PICTURES, `${name}-${colorScheme}.png`) })
  await page.close()
}
