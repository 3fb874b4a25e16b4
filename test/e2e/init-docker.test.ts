import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { daemon, needsDocker, ownImages } from '../helpers/docker.ts'
import { chaos, judged, newFolder } from '../helpers/run.ts'

/** What `chaos init` writes for an app in a container passes as it is. */

const withoutDocker = await needsDocker()

/** A scenario of 13 s beside a build, and again while the machine is too busy for a verdict. */
const LIMIT_MS = 180_000

const SHOP = [
  "const ask = (path) => fetch(process.env.STOCK_URL + path).then(async (r) => ({ status: r.status, body: await r.text() }), () => ({ status: 502, body: '' }))",
  "require('http').createServer((q, a) => ask(q.url).then(({ status, body }) => a.writeHead(status).end(body))).listen(process.env.PORT, '0.0.0.0')",
].join('; ')

describe.skipIf(withoutDocker)('of an app in a container', () => {
  const own = withoutDocker ? '' : ownImages()

  function folderOfShop(): string {
    const folder = newFolder()
    mkdirSync(join(folder, 'shop'))
    const command = JSON.stringify(['node', '-e', SHOP])
    writeFileSync(
      join(folder, 'shop/Dockerfile'),
      `ARG BASE=node:24-slim\nFROM \${BASE}\nLABEL own=${own}\nENTRYPOINT []\nCMD ${command}\n`,
    )
    return folder
  }

  async function passes(folder: string) {
    const { code, stdout } = await judged(['run', 'chaos.yaml', '--quiet', '--out', 'out'], { cwd: folder })
    expect(stdout).toMatch(/^PASS callers do not notice that one in ten tries at inventory fails: 3 passed$/m)
    expect(code).toBe(0)
  }

  const asked = ['--port', '8080', '--upstream', 'inventory=STOCK_URL', '--path', '/items/42', '--respond', 'inventory={"stock":3}']

  test('built from its folder', { timeout: LIMIT_MS }, async () => {
    const folder = folderOfShop()
    expect(await chaos(['init', '--app-build', 'shop', ...asked], { cwd: folder })).toMatchObject({ code: 0, stderr: '' })
    const file = join(folder, 'chaos.yaml')
    const text = readFileSync(file, 'utf8')
    expect(text).toContain('\n  build: ./shop ')
    // Where no registry can be reached, the base is one that chaos has made.
    const args = `build: { context: ./shop, args: { BASE: "\${CHAOS_NODE_IMAGE:-node:24-slim}" } }`
    writeFileSync(file, text.replace('build: ./shop ', `${args} `))
    await passes(folder)
  })

  test('by the name of its image', { timeout: LIMIT_MS }, async () => {
    const folder = folderOfShop()
    const name = `${own}/shop:1`
    const { dockerode } = daemon()
    const stream = await dockerode.buildImage(
      { context: join(folder, 'shop'), src: ['Dockerfile'] },
      { t: name, buildargs: { BASE: process.env.CHAOS_NODE_IMAGE ?? 'chaos-local/node:24' } },
    )
    await new Promise<void>((resolve, reject) => {
      dockerode.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()))
    })
    expect(await chaos(['init', '--app-image', name, ...asked], { cwd: folder })).toMatchObject({ code: 0, stderr: '' })
    await passes(folder)
  })
})
