import type { LiveData } from './live-data.ts'
import type { PageData } from './page-data.ts'

/** Where the page has the data of its run. */
export const DATA_PLACE = '{"place":"of the data of the run"}'
const POLICY = "default-src 'none'; "

/**
 * The page of a run: one file that needs nothing else.
 * @param template - as `bundle-page.mjs` makes it
 * @throws Error where it has no place for the data
 */
export function renderPage(template: string, data: PageData | LiveData): string[] {
  const at = template.indexOf(DATA_PLACE)
  if (at === -1) throw new Error('the page has no place for the data of a run: its template is not one of chaos')
  return [template.slice(0, at), inScript(data), template.slice(at + DATA_PLACE.length)]
}

/** The same while the run goes on: it may ask whoever served it, and nobody else. @throws Error as `renderPage` */
export function renderLivePage(template: string, data: LiveData): string {
  if (!template.includes(POLICY)) throw new Error('the page has no policy: its template is not one of chaos')
  return renderPage(template.replace(POLICY, `${POLICY}connect-src 'self'; `), data).join('')
}

/** JSON that cannot end the script element it stands in, nor begin a comment there. @see HTML, "Restrictions for contents of script elements" */
const inScript = (data: PageData | LiveData) => JSON.stringify(data).replaceAll('<', '\\u003c')
