import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { folderContext, tarOf } from '../../../src/containers/build-context.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chaos-context-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(path: string, text = ''): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}
const paths = async (dockerfile = 'Dockerfile') => (await folderContext(folder, dockerfile)).map(({ path }) => path)

test('a context is all of its folder, with the modes of files', async () => {
  for (const path of ['Dockerfile', 'src/a.js', 'bin/run']) write(path)
  chmodSync(join(folder, 'bin/run'), 0o755)
  expect(await paths()).toEqual(['Dockerfile', 'bin', 'bin/run', 'src', 'src/a.js'])
  expect((await folderContext(folder, 'Dockerfile')).find(({ path }) => path === 'bin/run')).toMatchObject({ mode: 0o755 })
})

test('.dockerignore leaves files and folders out, and takes back what it excepts', async () => {
  for (const path of ['Dockerfile', 'node_modules/a/index.js', 'docs/a.md', 'docs/README.md', 'src/a.js', 'src/a.log']) write(path)
  write('.dockerignore', 'node_modules\ndocs\n!docs/README.md\n**/*.log\n')
  expect((await paths()).filter((path) => path.includes('.') && path !== '.dockerignore')).toEqual(['docs/README.md', 'src/a.js'])
})

test('the Dockerfile is sent even where .dockerignore names it', async () => {
  for (const path of ['build/Dockerfile.dev', 'a.js']) write(path)
  write('.dockerignore', '*.js\nbuild/Dockerfile.dev\n')
  expect(await paths('build/Dockerfile.dev')).toContain('build/Dockerfile.dev')
})

test('a symbolic link is sent as one: nothing outside of the folder is read', async () => {
  write('Dockerfile')
  symlinkSync('/etc', join(folder, 'etc'))
  expect((await folderContext(folder, 'Dockerfile')).filter(({ path }) => path.startsWith('etc'))).toEqual([{ path: 'etc', link: '/etc' }])
})

test('a Dockerfile that is missing, or outside of the context, is refused', async () => {
  write('app/Dockerfile')
  write('Dockerfile')
  await expect(folderContext(join(folder, 'app'), '../Dockerfile')).rejects.toMatchObject({
    kind: 'badInput',
    message: `the Dockerfile ../Dockerfile lies outside of ${join(folder, 'app')}, which its image is built from`,
  })
  await expect(folderContext(join(folder, 'app'), join(folder, 'Dockerfile'))).rejects.toMatchObject({ kind: 'badInput' })
  await expect(folderContext(folder, 'Dockerfile.dev')).rejects.toMatchObject({
    kind: 'badInput',
    message: `there is no file ${join(folder, 'Dockerfile.dev')} to build an image by`,
  })
})

test('a file that vanishes while it is sent breaks the archive off', async () => {
  const tar = await tarOf([{ path: 'a', source: join(folder, 'gone') }])
  await expect(tar.toArray()).rejects.toMatchObject({ code: 'ENOENT' })
})
