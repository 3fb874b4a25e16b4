import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type ContextFile, filesOf } from '../containers/build-context.ts'
import { ChaosError } from '../errors.ts'
import { lastLines, runTool } from '../topology/tool.ts'

interface Options {
  /** An empty folder to work in. */
  folder: string
  env: NodeJS.ProcessEnv
  signal: AbortSignal | undefined
  onProgress: (text: string) => void
}

const PACKAGES = ['libc6', 'libgcc-s1', 'libstdc++6', 'busybox-static']
/** Documentation, and character sets that neither Envoy nor Node converts. */
const LEFT_OUT = /^usr\/share\/(doc|doc-base|man|lintian|gcc|gdb)$|^usr\/lib\/[^/]+\/gconv$/

/**
 * The files of a small Debian, below `root/`: libraries, a shell, and users for Envoy and Node. Its packages come from
 * where this machine's apt gets them, which checks them against its signatures.
 *
 * @throws ChaosError `environment` where that fails; the signal's reason on an abort
 */
export async function debianBase(options: Options): Promise<ContextFile[]> {
  const { folder, onProgress } = options
  const [packages, root] = [join(folder, 'packages'), join(folder, 'root')]
  await Promise.all([mkdir(packages), mkdir(root)])
  onProgress(`fetching Debian packages: ${PACKAGES.join(', ')}`)
  await download(packages, options)
  for (const name of await readdir(packages)) {
    if (name.endsWith('.deb')) await run('dpkg-deb', ['-x', join(packages, name), root], options)
  }
  const applets = await run(join(root, 'bin/busybox'), ['--list'], options)
  const files = await filesOf(root, (path) => LEFT_OUT.test(path))
  return [
    { path: 'root', directory: true as const },
    ...files.map((file) => ({ ...file, path: `root/${file.path}` })),
    ...applets
      .split('\n')
      .filter((applet) => applet !== '' && applet !== 'busybox')
      .map((applet) => ({ path: `root/bin/${applet}`, link: 'busybox' })),
    ...FOLDERS.map(([path, mode]) => ({ path: `root/${path}`, directory: true as const, mode })),
    ...Object.entries(FILES).map(([path, content]) => ({ path: `root/etc/${path}`, content })),
  ]
}

const FOLDERS: [string, number][] = [
  ...['etc', 'proc', 'sys', 'dev', 'run', 'root', 'var', 'usr/local', 'usr/local/bin'].map((path): [string, number] => [path, 0o755]),
  ['tmp', 0o1777],
  ['var/tmp', 0o1777],
]

const FILES = {
  passwd: 'root:x:0:0:root:/root:/bin/sh\nenvoy:x:101:101::/tmp:/bin/sh\nnode:x:1000:1000::/tmp:/bin/sh\n',
  group: 'root:x:0:\nenvoy:x:101:\nnode:x:1000:\n',
  'nsswitch.conf': 'hosts: files dns\n',
}

async function download(into: string, options: Options): Promise<void> {
  const first = await apt(['download', '-q', ...PACKAGES], into, options)
  if (first.exitCode === 0) return
  // On a new machine apt does not know yet what there is; lists of our own need no root, and change nothing there.
  const state = join(options.folder, 'apt')
  await mkdir(join(state, 'lists/partial'), { recursive: true })
  await mkdir(join(state, 'cache/archives/partial'), { recursive: true })
  const own = ['-o', `Dir::State::Lists=${join(state, 'lists')}`, '-o', `Dir::Cache=${join(state, 'cache')}`]
  options.onProgress('fetching the lists of Debian packages')
  const update = await apt([...own, 'update', '-q'], into, options)
  const second = update.exitCode === 0 ? await apt([...own, 'download', '-q', ...PACKAGES], into, options) : update
  if (second.exitCode !== 0)
    throw new ChaosError('environment', 'apt-get cannot fetch Debian packages', { detail: lastLines(second.output) })
}

async function apt(args: readonly string[], cwd: string, { env, signal }: Options) {
  // By itself it goes down to a user who cannot write to our folder, and warns of it.
  return await runTool('apt-get', ['-o', 'APT::Sandbox::User=root', ...args], { env, cwd, signal })
}

async function run(command: string, args: readonly string[], { env, signal }: Options): Promise<string> {
  const { exitCode, output } = await runTool(command, args, { env, signal })
  if (exitCode !== 0) throw new ChaosError('environment', `\`${command} ${args[0]}\` failed`, { detail: lastLines(output) })
  return output
}
