// Makes report-page.html: the page that every run writes, without the data of a run (src/page/render-page.ts puts that in).
//
//   node bundle-page.mjs FILE
//
// Script and style stand in it, each named by its checksum in the policy of the page: nothing else runs there, and nothing
// is fetched.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = dirname(fileURLToPath(import.meta.url))
const read = (...path) => readFileSync(join(root, ...path), 'utf8')
const PLACE = '{"place":"of the data of the run"}'

/** @returns the page, with a place for the data of a run */
export async function reportPage() {
  const bundle = await rolldown({
    cwd: root,
    input: 'src/browser/main.ts',
    // That of the sources is for the type check alone, and need not be there.
    tsconfig: false,
    platform: 'browser',
    transform: { define: { 'process.env.NODE_ENV': '"production"' } },
    logLevel: 'silent',
  })
  const { output } = await bundle.generate({ format: 'iife', minify: true, comments: false })
  await bundle.close()
  // An element of a script ends at its first end tag, wherever that stands.
  const script = output[0].code.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--')
  const style = read('src/browser/page.css')
  const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  const licences = ['echarts/NOTICE', 'zrender/LICENSE'].map((name) => read('node_modules', name).replaceAll('--', '- -')).join('\n')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>chaos report</title>
<style>${style}</style>
</head>
<body>
<noscript>This report needs JavaScript to be shown. summary.txt beside it says the same in words.</noscript>
<script type="application/json" id="run">${PLACE}</script>
<!-- The plots are drawn by Apache ECharts:
${licences}-->
<script>${script}</script>
</body>
</html>
`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(process.argv[2], await reportPage())
