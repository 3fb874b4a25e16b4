import { readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { buildImage } from '../containers/build.ts'
import { type ContextFile, filesOf } from '../containers/build-context.ts'
import type { Daemon } from '../containers/daemon.ts'
import { IMAGES, type ImageRole, LOCAL, LOCAL_BASE } from '../containers/image-names.ts'
import { hasImage } from '../containers/images.ts'
import { ChaosError } from '../errors.ts'
import { imageFolder } from '../program.ts'
import { cacheDir, withStagingFolder } from '../topology/cache.ts'
import { measuredEnvoy } from '../topology/envoy-binary.ts'
import { debianBase } from './debian-base.ts'

export interface BuildImagesOptions {
  env: NodeJS.ProcessEnv
  signal?: AbortSignal | undefined
  onProgress: (text: string) => void
  /** Where the images will lie. */
  local?: string
}

/**
 * Builds images in the place of published ones, from packages: Debian's, the pinned wheel of Envoy, and the Node that this
 * runs on. What they stand on is built, too, where it is missing.
 *
 * @throws ChaosError `environment` where something cannot be had; the signal's reason on an abort
 */
export async function buildImages(daemon: Daemon, roles: readonly ImageRole[], options: BuildImagesOptions): Promise<void> {
  const { env, signal, onProgress, local = LOCAL } = options
  const base = `${local}/${LOCAL_BASE}`
  const node = `${local}/${IMAGES.node.local}`
  const build = async (name: 'base' | ImageRole, tag: string, from: string | undefined, files: readonly ContextFile[]) => {
    const dockerfile = { path: 'Dockerfile', content: readFileSync(join(imageFolder(name), 'Dockerfile'), 'utf8') }
    const buildArgs = from === undefined ? {} : { BASE: from }
    await buildImage(daemon, { context: [dockerfile, ...files], tag, buildArgs, signal, onProgress })
  }

  await withStagingFolder(cacheDir(env), async (folder) => {
    if (!(await hasImage(daemon, base))) await build('base', base, undefined, await debianBase({ folder, env, signal, onProgress }))
    if (roles.includes('envoy')) {
      const { path } = await measuredEnvoy({ env, signal, onProgress })
      await build('envoy', `${local}/${IMAGES.envoy.local}`, base, [{ path: 'envoy', source: path, mode: 0o755 }])
    }
    if (roles.includes('node') || (roles.includes('reaper') && !(await hasImage(daemon, node)))) {
      await build('node', node, base, [{ path: 'node', source: ownNode(), mode: 0o755 }])
    }
    if (roles.includes('reaper')) {
      const files = await filesOf(imageFolder('reaper'), (path) => path === 'Dockerfile')
      await build('reaper', `${local}/${IMAGES.reaper.local}`, node, files)
    }
  })
}

/** @returns the binary of the Node that this runs on. @throws ChaosError where it would not run in an image of ours */
function ownNode(): string {
  const { glibcVersionRuntime } = (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header
  const shared = Object.entries(process.config.variables).filter(([name, value]) => /^node_shared/.test(name) && value === true)
  if (process.platform === 'linux' && glibcVersionRuntime && shared.length === 0) return realpathSync(process.execPath)
  throw new ChaosError('environment', `this Node (${process.execPath}) cannot be put into an image: it needs libraries of this machine`, {
    hint: 'start chaos with a Node.js for Linux from https://nodejs.org, or name an image of Node that you have with CHAOS_NODE_IMAGE',
  })
}
