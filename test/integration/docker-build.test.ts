import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { buildImage } from '../../src/containers/build.ts'
import { lookForImage } from '../../src/containers/images.ts'
import { daemon, needsDocker, ownImages } from '../helpers/docker.ts'
import { until } from '../helpers/run.ts'

const withoutDocker = await needsDocker()
const own = ownImages()
const folder = mkdtempSync(join(tmpdir(), 'chaos-build-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** An image with a shell that is nobody else's, so that its containers are ours. */
let base: Promise<string> | undefined
function ownBase(): Promise<string> {
  base ??= (async () => {
    const { name } = await lookForImage(daemon(), 'node', { env: process.env })
    const content = `FROM ${name}\nLABEL own=${own}\nUSER root\n`
    await buildImage(daemon(), { context: [{ path: 'Dockerfile', content }], tag: `${own}/base:1` })
    return `${own}/base:1`
  })()
  return base
}
const dockerfile = async (...lines: string[]) => [{ path: 'Dockerfile', content: `${[`FROM ${await ownBase()}`, ...lines].join('\n')}\n` }]

async function ownContainers(): Promise<string[]> {
  const all = await daemon().dockerode.listContainers({ all: true, filters: JSON.stringify({ ancestor: [await ownBase()] }) })
  return all.map(({ Id, Command }) => `${Id} ${Command}`)
}

describe.skipIf(withoutDocker)('an image is built', () => {
  test('from a folder, with its tag, labels and arguments, and each step is told', async () => {
    mkdirSync(join(folder, 'app/src'), { recursive: true })
    writeFileSync(join(folder, 'app/src/big.txt'), 'x'.repeat(3_000_000))
    writeFileSync(join(folder, 'app/secret.txt'), 'secret')
    writeFileSync(join(folder, 'app/.dockerignore'), 'secret.txt\n')
    const lines = [
      'ARG BASE',
      'FROM $BASE',
      'ARG WORD',
      'COPY . /app',
      'RUN ls /app && wc -c < /app/src/big.txt | grep -q 3000000 && [ ! -e /app/secret.txt ]',
      'ENV WORD=$WORD',
    ]
    writeFileSync(join(folder, 'app/Dockerfile.dev'), `${lines.join('\n')}\n`)
    const told: string[] = []
    const tag = `${own}/app:1`
    const id = await buildImage(daemon(), {
      context: join(folder, 'app'),
      dockerfile: 'Dockerfile.dev',
      tag,
      labels: { run: 'r-1' },
      buildArgs: { BASE: await ownBase(), WORD: 'one; two' },
      onProgress: (text) => told.push(text),
    })
    const image = await daemon().dockerode.getImage(tag).inspect()
    expect(image.Id).toBe(id)
    expect(image.Config.Labels).toMatchObject({ run: 'r-1' })
    expect(image.Config.Env).toContain('WORD=one; two')
    expect(told[0]).toBe(`building ${tag}`)
    expect(told).toContain(`building ${tag}: step 4/7 COPY . /app`)
    expect(await ownContainers()).toEqual([])
  })

  test('or the error says which step failed and what it printed, and no container stays', async () => {
    const context = await dockerfile('RUN echo one', 'RUN echo looking; echo "nothing here" >&2; exit 7')
    await expect(buildImage(daemon(), { context, tag: `${own}/broken:1` })).rejects.toMatchObject({
      kind: 'environment',
      message: `cannot build ${own}/broken:1: the command ended with exit code 7`,
      // The daemon tells in no certain order what came on stdout and what on stderr.
      detail: expect.toSatisfy(([step, ...printed]: string[]) => {
        expect(step).toBe('step 3/3 RUN echo looking; echo "nothing here" >&2; exit 7')
        expect(printed.sort()).toEqual(['looking', 'nothing here'])
        return true
      }),
    })
    expect(await ownContainers()).toEqual([])
  })

  test('or the error says what the daemon cannot read', async () => {
    await expect(buildImage(daemon(), { context: await dockerfile('RUNN x') })).rejects.toMatchObject({
      kind: 'environment',
      message: expect.stringMatching(/^cannot build an image: .*unknown instruction: RUNN/),
    })
    await expect(buildImage(daemon(), { context: await dockerfile('COPY missing /') })).rejects.toMatchObject({
      message: expect.stringMatching(/^cannot build an image: COPY failed: .*missing/),
      detail: ['step 2/2 COPY missing /'],
    })
  })

  test('until it is aborted: the reason is thrown, and the container of its step goes', async () => {
    const stop = new AbortController()
    const context = await dockerfile('RUN sleep 600')
    const building = buildImage(daemon(), { context, signal: stop.signal })
    building.catch(() => {})
    await until('the step runs', async () => (await ownContainers()).length > 0)
    const reason = new Error('enough')
    stop.abort(reason)
    await expect(building).rejects.toBe(reason)
    await until('its container is gone', async () => (await ownContainers()).length === 0)
    // Nothing goes on behind it.
    await sleep(300)
    expect(await ownContainers()).toEqual([])
  })
})
