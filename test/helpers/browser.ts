import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']

/** Nothing of its own goes out to the network; as root it has no sandbox. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The browser of this machine. @throws where there is none: reports that nobody looked at are not tested */
export function openBrowser(): Promise<Browser> {
  const places = (process.env.PATH ?? '').split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)))
  const executablePath = process.env.CHROME_PATH ?? places.find((path) => existsSync(path))
  if (executablePath === undefined)
    throw new Error(
      `no browser: none of ${NAMES.join(', ')} is on PATH; install one (Debian: apt-get install chromium), or name it in CHROME_PATH`,
    )
  return chromium.launch({ executablePath, headless: true, args: ARGS })
}
